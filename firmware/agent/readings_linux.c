/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* 32-bit systems too have inodes beyond 32 bits */
#include "readings_linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(pn_agent_text *text, const char *reason) {
  text->reason = reason;
  return false;
}

static bool is_at_or_below(const char *path, const char *folder) {
  const size_t count = strlen(folder);
  return strncmp(path, folder, count) == 0 && (path[count] == '/' || path[count] == '\0');
}

/* Links lead about inside /sys; those of /proc/<pid> (root, cwd, exe, fd) lead out of it. */
static int open_inside(const char *path, int flags, pn_agent_text *text) {
  char resolved[PATH_MAX];
  if (realpath(path, resolved) == NULL) {
    text->reason = strerror(errno);
    return -1;
  }
  if (!is_at_or_below(resolved, "/proc") && !is_at_or_below(resolved, "/sys")) {
    text->reason = "a link out of /proc and /sys";
    return -1;
  }
  const int careful = O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
  const int file = open(resolved, O_RDONLY | careful | flags);
  if (file < 0) text->reason = strerror(errno);
  return file;
}

/* An agent that runs as root must not tell more than everybody may know, such as /proc/kcore. */
static bool for_everybody(int file, pn_agent_text *text) {
  struct stat facts;
  if (fstat(file, &facts) != 0) return failed(text, strerror(errno));
  if (!S_ISREG(facts.st_mode)) return failed(text, "not a regular file");
  if ((facts.st_mode & S_IROTH) == 0) return failed(text, "not readable for every user");
  return true;
}

bool pn_linux_read_file(void *user, const char *path, uint32_t offset, pn_agent_text *text) {
  (void)user;
  const int file = open_inside(path, 0, text);
  if (file < 0) return false;
  bool good = for_everybody(file, text);
  while (good && !text->ended && text->used < text->capacity) {
    const ssize_t count = pread(file, text->bytes + text->used, text->capacity - text->used,
                                (off_t)offset + (off_t)text->used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) good = failed(text, strerror(errno));
    if (count == 0) text->ended = true;
    if (count > 0) text->used += (size_t)count;
  }
  close(file);
  return good;
}

/* False: no room for this name any more. */
static bool append_name(pn_agent_text *text, const char *name) {
  const size_t count = strlen(name);
  if (count > UINT8_MAX) return true; /* no name of /proc or /sys, and no string can hold it */
  if (count + 1 > text->capacity - text->used) return false;
  text->bytes[text->used] = (uint8_t)count;
  memcpy(text->bytes + text->used + 1, name, count);
  text->used += count + 1;
  return true;
}

bool pn_linux_list_folder(void *user, const char *path, uint32_t skip, pn_agent_text *text) {
  (void)user;
  const int file = open_inside(path, O_DIRECTORY, text);
  if (file < 0) return false;
  DIR *folder = fdopendir(file);
  if (folder == NULL) {
    const bool result = failed(text, strerror(errno));
    close(file);
    return result;
  }
  const struct dirent *entry = NULL;
  bool room = true;
  errno = 0;
  while (room && (entry = readdir(folder)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (skip > 0) {
      skip -= 1;
    } else {
      room = append_name(text, entry->d_name);
    }
  }
  text->ended = room;
  const bool good = !room || errno == 0 || failed(text, strerror(errno));
  closedir(folder);
  return good;
}

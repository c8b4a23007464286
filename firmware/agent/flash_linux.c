/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* 32-bit systems too have inodes beyond 32 bits */
#include "flash_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program_check_linux.h"

#define IMAGE_BYTES_MAX ((size_t)64 << 20)
#define SUFFIX_BYTES 8u /* ".before" and its zero */

static char path[PATH_MAX - SUFFIX_BYTES]; /* of the program's file */
static char part_path[PATH_MAX];
static char before_path[PATH_MAX];
static char **start_arguments;
static uint8_t *image;
static bool exchanged; /* by the latest install */
static char reason[255]; /* as long as a string of the protocol */

bool pn_linux_flash_prepare(char **arguments) {
  const ssize_t count = readlink("/proc/self/exe", path, sizeof path);
  if (count <= 0 || (size_t)count >= sizeof path) return false;
  path[count] = '\0';
  snprintf(part_path, sizeof part_path, "%s.part", path);
  snprintf(before_path, sizeof before_path, "%s.before", path);
  start_arguments = arguments;
  return access(path, F_OK) == 0; /* a file deleted meanwhile has another name there */
}

static const char *failed(const char *what, const char *why) {
  snprintf(reason, sizeof reason, "%.180s: %.64s", what, why);
  return reason;
}

/* What cannot be read stays zero: the host sends it then. */
static void copy_running_program(size_t bytes) {
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  size_t at = 0;
  while (file >= 0 && at < bytes) {
    const ssize_t count = read(file, image + at, bytes - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    at += (size_t)count;
  }
  if (file >= 0) close(file);
}

uint8_t *pn_linux_image_begin(void *user, size_t bytes, size_t *room) {
  (void)user;
  free(image);
  *room = IMAGE_BYTES_MAX;
  image = bytes <= IMAGE_BYTES_MAX ? calloc(bytes, 1) : NULL;
  if (image != NULL) copy_running_program(bytes);
  return image;
}

const char *pn_linux_image_check(void *user, size_t bytes) {
  (void)user;
  return pn_linux_program_unfit(image, bytes);
}

static bool write_all(int file, size_t bytes) {
  size_t at = 0;
  while (at < bytes) {
    const ssize_t count = write(file, image + at, bytes - at);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) at += (size_t)count;
  }
  return true;
}

/* The new file, complete on the disk, with the permissions of the old one. */
static const char *write_part(size_t bytes) {
  struct stat old;
  if (stat(path, &old) != 0) return failed(path, strerror(errno));
  unlink(part_path); /* of an attempt that was cut off */
  const int file = open(part_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return failed(part_path, strerror(errno));
  const bool good = write_all(file, bytes) && fchmod(file, old.st_mode & 07777u) == 0 &&
                    fsync(file) == 0;
  const int error = errno;
  close(file);
  return good ? NULL : failed(part_path, strerror(error));
}

/* The old file gets a second name first, so that there is a program at every moment. */
static const char *exchange(void) {
  unlink(before_path);
  /* file systems without second names: it is moved */
  if (link(path, before_path) != 0 && rename(path, before_path) != 0) {
    return failed(before_path, strerror(errno));
  }
  if (rename(part_path, path) == 0) return NULL;
  const char *why = failed(path, strerror(errno));
  rename(before_path, path);
  return why;
}

/* Renamed files are certain to be found after a power cut once their folder is on the disk. */
static void sync_folder(void) {
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (slash == NULL) return;
  slash[1] = '\0';
  const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  fsync(file);
  close(file);
}

/* The same program again must not push the one before it out of its place. */
static bool is_there_already(size_t bytes) {
  uint8_t piece[4096];
  struct stat facts;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  bool same = file >= 0 && fstat(file, &facts) == 0 && facts.st_size == (off_t)bytes;
  for (size_t at = 0; same && at < bytes;) {
    const ssize_t count = read(file, piece, sizeof piece);
    const size_t got = count > 0 ? (size_t)count : 0;
    same = got > 0 && got <= bytes - at && memcmp(image + at, piece, got) == 0;
    at += got;
  }
  if (file >= 0) close(file);
  return same;
}

const char *pn_linux_image_install(void *user, size_t bytes) {
  (void)user;
  exchanged = false;
  if (is_there_already(bytes)) return NULL;
  const char *failure = write_part(bytes);
  if (failure == NULL) {
    const char *why = pn_linux_program_fails(part_path);
    if (why != NULL) failure = failed("the new program does not start here", why);
  }
  if (failure == NULL) failure = exchange();
  if (failure != NULL) {
    unlink(part_path);
    return failure;
  }
  sync_folder();
  exchanged = true;
  return NULL;
}

void pn_linux_image_start(void *user) {
  (void)user;
  execv(path, start_arguments);
  fprintf(stderr, "percepnet_agent: %s: %s; the old program goes on\n", path, strerror(errno));
  if (exchanged) rename(before_path, path);
}

/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "program_check_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_TICKS 300 /* of 10 ms */

extern char **environ;

/* Set by the linker: the header of the program that runs. */
extern const uint8_t __ehdr_start[] __attribute__((visibility("hidden")));

/* In every agent that can replace itself, and nothing else: host_tools looks for it too. */
static const char mark[] = "percepnet_agent that takes programs, 1";

static bool lies_within(uint64_t offset, uint64_t count, size_t bytes) {
  return offset <= bytes && count <= bytes - offset;
}

static bool is_whole(const uint8_t *program, size_t bytes, const ElfW(Ehdr) *header) {
  const uint64_t segments = (uint64_t)header->e_phnum * header->e_phentsize;
  const uint64_t sections = (uint64_t)header->e_shnum * header->e_shentsize;
  if (!lies_within(header->e_phoff, segments, bytes)) return false;
  if (!lies_within(header->e_shoff, sections, bytes)) return false;
  for (size_t i = 0; i < header->e_phnum; ++i) {
    ElfW(Phdr) segment;
    memcpy(&segment, program + header->e_phoff + i * sizeof segment, sizeof segment);
    if (!lies_within(segment.p_offset, segment.p_filesz, bytes)) return false;
  }
  return true;
}

const char *pn_linux_program_unfit(const uint8_t *program, size_t bytes) {
  ElfW(Ehdr) header;
  ElfW(Ehdr) running;
  if (bytes < sizeof header) return "shorter than the header of a program";
  memcpy(&header, program, sizeof header);
  memcpy(&running, __ehdr_start, sizeof running);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return "no program for Linux";
  if (header.e_ident[EI_CLASS] != running.e_ident[EI_CLASS] ||
      header.e_ident[EI_DATA] != running.e_ident[EI_DATA] ||
      header.e_machine != running.e_machine) {
    return "a program for another processor";
  }
  if ((header.e_type != ET_EXEC && header.e_type != ET_DYN) || header.e_phnum == 0 ||
      header.e_phentsize != sizeof(ElfW(Phdr))) {
    return "not a program that can be started";
  }
  if (!is_whole(program, bytes, &header)) return "cut short";
  if (memmem(program, bytes, mark, sizeof mark) == NULL) {
    return "no percepnet_agent, or one that could not be replaced again";
  }
  return NULL;
}

/* 0 or an error number; the link to the host is not for the child. */
static int start(const char *path, pid_t *child) {
  char program[PATH_MAX];
  char option[] = "--version";
  snprintf(program, sizeof program, "%s", path);
  char *const arguments[] = {program, option, NULL};
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  for (int descriptor = 0; descriptor <= STDERR_FILENO && error == 0; ++descriptor) {
    error = posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
  }
  if (error == 0) error = posix_spawn(child, program, &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

const char *pn_linux_program_fails(const char *path) {
  const struct timespec tick = {.tv_sec = 0, .tv_nsec = 10000000};
  pid_t child = 0;
  const int error = start(path, &child);
  if (error != 0) return strerror(error);
  int result = 0;
  pid_t ended = 0;
  for (int ticks = 0; ended == 0 && ticks < PATIENCE_TICKS; ++ticks) {
    ended = waitpid(child, &result, WNOHANG);
    if (ended < 0 && errno == EINTR) ended = 0;
    if (ended == 0) nanosleep(&tick, NULL);
  }
  if (ended == 0) {
    kill(child, SIGKILL);
    waitpid(child, &result, 0);
    return "it hangs when it is asked for its version";
  }
  const bool good = ended == child && WIFEXITED(result) && WEXITSTATUS(result) == 0;
  return good ? NULL : "it ends at once; libraries of another system, perhaps: take a static build";
}

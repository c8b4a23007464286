/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a Raspberry Pi's firmware, by its program vcgencmd; no shell in between. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "readings_linux.h"

#define PATIENCE_MS 2000 /* less than the host's, which would ask again */
#define GRACE_MS 100
#define QUESTION_BYTES 32u

extern char **environ;

static int64_t now_ms(void) {
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Starts vcgencmd with its output in a pipe; 0 or an error number. */
static int start(char *const arguments[], int output, pid_t *child) {
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  /* Standard input is the link to the host. */
  error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (error == 0) {
    error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  if (error == 0) error = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/* Everything that arrives until the other end is closed; false: too late. What has no room in
 * text is dropped. */
static bool collect(int input, int64_t deadline_ms, pn_agent_text *text) {
  uint8_t bytes[512];
  for (;;) {
    const int64_t left_ms = deadline_ms - now_ms();
    if (left_ms <= 0) return false;
    struct pollfd waiting = {.fd = input, .events = POLLIN};
    const int ready = poll(&waiting, 1, (int)left_ms);
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    const ssize_t count = read(input, bytes, sizeof bytes);
    if (count == 0) return true;
    if (count < 0 && errno != EINTR) return false;
    if (count <= 0) continue;
    const size_t room = text->capacity - text->used;
    const size_t kept = (size_t)count < room ? (size_t)count : room;
    memcpy(text->bytes + text->used, bytes, kept);
    text->used += kept;
  }
}

static bool ended_by(pid_t child, int64_t deadline_ms, int *result) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = 1000000};
  for (;;) {
    const pid_t found = waitpid(child, result, WNOHANG);
    if (found == child) return true;
    if (found < 0 && errno != EINTR) return false;
    if (now_ms() >= deadline_ms) return false;
    nanosleep(&pause, NULL);
  }
}

static const char *run(char *const arguments[], pn_agent_text *text) {
  int ends[2];
  pid_t child = 0;
  if (pipe2(ends, O_CLOEXEC) != 0) return strerror(errno);
  const int error = start(arguments, ends[1], &child);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return error == ENOENT ? "vcgencmd is not installed" : strerror(error);
  }
  const int64_t deadline_ms = now_ms() + PATIENCE_MS;
  int result = 0;
  const bool in_time = collect(ends[0], deadline_ms, text) && ended_by(child, deadline_ms, &result);
  close(ends[0]);
  if (!in_time) {
    kill(child, SIGKILL);
    /* One that hangs in the kernel does not end even so, and must not stop the agent. */
    ended_by(child, now_ms() + GRACE_MS, &result);
    return "vcgencmd did not answer within 2 s";
  }
  if (!WIFEXITED(result) || WEXITSTATUS(result) != 0) {
    return "vcgencmd failed; is this user in the group video?";
  }
  return NULL;
}

bool pn_linux_query_firmware(void *user, const char *question, pn_agent_text *text) {
  (void)user;
  static char program[] = "vcgencmd";
  char words[QUESTION_BYTES];
  if (strlen(question) >= sizeof words) {
    text->reason = "the question is too long";
    return false;
  }
  memcpy(words, question, strlen(question) + 1);
  char *arguments[4] = {program, words, NULL, NULL};
  char *space = strchr(words, ' ');
  if (space != NULL) {
    *space = '\0';
    arguments[2] = space + 1;
  }
  text->reason = run(arguments, text);
  text->ended = text->reason == NULL;
  return text->ended;
}

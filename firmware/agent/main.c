/* SPDX-License-Identifier: Apache-2.0 */
/* percepnet_agent on Linux: the agent over standard input and output, or over a serial line. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../apps/load_file.h"
#include "agent.h"
#include "build_id_linux.h"
#include "cpu_info.h"
#include "flash_linux.h"
#include "readings_linux.h"
#include "tty.h"

#define MEMORY_MIB_DEFAULT 32ul
#define MEMORY_MIB_MAX 1024ul
#define PIPE_BUFFER_BYTES 65536u
#define TTY_BUFFER_BYTES 4096u

enum { EXIT_USAGE = 2, EXIT_LINK = 3, EXIT_LIBRARY = 4 };

typedef struct link_ends {
  int in;
  int out;
} link_ends;

typedef struct options {
  pn_kernel kernel;
  unsigned long memory_mib;
  const char *tty;
  const char *model_path;
  bool replaceable; /* its own program file can be found */
} options;

static const char *const kernel_names[] = {"auto", "scalar", "neon",      "dotprod",
                                           "i8mm", "avx2",   "avx512vnni"};

static const char help_text[] =
    "usage: percepnet_agent [options]\n"
    "Serves the PercepNet measuring protocol on standard input and output.\n"
    "  --kernel NAME     auto, scalar, neon, dotprod, i8mm, avx2 or avx512vnni (default auto)\n"
    "  --tty PATH[,BAUD] serve a serial line instead (default 115200 baud)\n"
    "  --memory-mib N    memory for audio, 1 to 1024 (default 32)\n"
    "  --model FILE      a model image instead of the one built in\n"
    "  --no-flash        never let the host replace this program\n"
    "  --version         library and protocol version\n"
    "  --help            this text\n";

static size_t link_read(void *user, uint8_t *bytes, size_t capacity) {
  const link_ends *ends = user;
  ssize_t count;
  do {
    count = read(ends->in, bytes, capacity);
  } while (count < 0 && errno == EINTR);
  return count > 0 ? (size_t)count : 0;
}

static bool link_write(void *user, const uint8_t *bytes, size_t count) {
  const link_ends *ends = user;
  while (count > 0) {
    const ssize_t written = write(ends->out, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    count -= (size_t)written;
  }
  return true;
}

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec now = {0, 0};
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t wall_clock_ns(void *user) {
  (void)user;
  return nanoseconds(CLOCK_MONOTONIC);
}

static uint64_t cpu_clock_ns(void *user) {
  (void)user;
  return nanoseconds(CLOCK_THREAD_CPUTIME_ID);
}

static void sleep_until_ns(void *user, uint64_t deadline_ns) {
  (void)user;
  const struct timespec deadline = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                                    .tv_nsec = (long)(deadline_ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR) {
  }
}

static int parse_kernel(const char *name, pn_kernel *kernel) {
  for (size_t i = 0; i < sizeof kernel_names / sizeof kernel_names[0]; ++i) {
    if (strcmp(name, kernel_names[i]) == 0) {
      *kernel = (pn_kernel)i;
      return 0;
    }
  }
  fprintf(stderr, "percepnet_agent: --kernel %s: no such kernel, see --help\n", name);
  return EXIT_USAGE;
}

static int parse_memory(const char *text, unsigned long *mib) {
  char *end = NULL;
  *mib = strtoul(text, &end, 10);
  if (*text == '\0' || *text == '-' || *end != '\0' || *mib < 1 || *mib > MEMORY_MIB_MAX) {
    fprintf(stderr, "percepnet_agent: --memory-mib %s: not a number from 1 to 1024\n", text);
    return EXIT_USAGE;
  }
  return 0;
}

/* -1: go on; otherwise the exit code. */
static int parse_options(int argc, char **argv, options *chosen) {
  static const struct option known[] = {{"kernel", required_argument, NULL, 'k'},
                                        {"tty", required_argument, NULL, 't'},
                                        {"memory-mib", required_argument, NULL, 'm'},
                                        {"model", required_argument, NULL, 'i'},
                                        {"no-flash", no_argument, NULL, 'f'},
                                        {"version", no_argument, NULL, 'v'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};
  int option;
  int failure = 0;
  while (failure == 0 && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    switch (option) {
      case 'k': failure = parse_kernel(optarg, &chosen->kernel); break;
      case 't': chosen->tty = optarg; break;
      case 'm': failure = parse_memory(optarg, &chosen->memory_mib); break;
      case 'i': chosen->model_path = optarg; break;
      case 'f': chosen->replaceable = false; break;
      case 'v':
        printf("percepnet_agent %s (protocol %d)\n", pn_version(), PN_PROTOCOL_VERSION);
        return EXIT_SUCCESS;
      case 'h': fputs(help_text, stdout); return EXIT_SUCCESS;
      default: return EXIT_USAGE;
    }
  }
  if (failure == 0 && optind < argc) {
    fprintf(stderr, "percepnet_agent: unexpected argument %s, see --help\n", argv[optind]);
    failure = EXIT_USAGE;
  }
  return failure == 0 ? -1 : failure;
}

static pn_agent_platform describe(const options *chosen, link_ends *ends, const char *cpu_name) {
  struct timespec resolution = {0, 1};
  clock_getres(CLOCK_MONOTONIC, &resolution);
  pn_agent_platform platform = {
      .user = ends,
      .read = link_read,
      .write = link_write,
      .clock_ns = wall_clock_ns,
      .cpu_clock_ns = cpu_clock_ns,
      .sleep_until_ns = sleep_until_ns,
      .read_file = pn_linux_read_file,
      .list_folder = pn_linux_list_folder,
      .query_firmware = pn_linux_query_firmware,
      .clock_resolution_ns = (uint32_t)resolution.tv_nsec,
      .receive_buffer_bytes = chosen->tty == NULL ? PIPE_BUFFER_BYTES : TTY_BUFFER_BYTES,
      .cpu_name = cpu_name,
      .cpu_arch = pn_agent_cpu_arch(),
      .build_id = pn_linux_build_id(),
      .name = "linux"};
  if (chosen->replaceable) {
    platform.image_begin = pn_linux_image_begin;
    platform.image_check = pn_linux_image_check;
    platform.image_install = pn_linux_image_install;
    platform.image_start = pn_linux_image_start;
  }
  return platform;
}

static int serve(const options *chosen, const pn_agent_platform *platform, void *memory,
                 size_t memory_bytes) {
  static pn_agent agent;
  const pn_status status = pn_agent_init(&agent, platform, memory, memory_bytes, chosen->kernel);
  if (status == PN_ERROR_KERNEL) {
    fprintf(stderr, "percepnet_agent: --kernel %s: %s\n", kernel_names[chosen->kernel],
            pn_error_string(status));
    return EXIT_USAGE;
  }
  if (chosen->tty == NULL) {
    pn_agent_serve(&agent);
    return EXIT_SUCCESS;
  }
  while (pn_agent_serve(&agent)) { /* a serial line stays open for the next visitor */
  }
  fprintf(stderr, "percepnet_agent: --tty %s: line lost\n", chosen->tty);
  return EXIT_LINK;
}

static int serve_with_memory(const options *chosen, link_ends *ends) {
  char cpu_name[128];
  pn_agent_cpu_name(cpu_name, sizeof cpu_name);
  pn_agent_platform platform = describe(chosen, ends, cpu_name);
  void *image = NULL;
  if (chosen->model_path != NULL) {
    image = pn_load_file(chosen->model_path, &platform.model_bytes);
    if (image == NULL) {
      fprintf(stderr, "percepnet_agent: --model %s: %s\n", chosen->model_path, strerror(errno));
      return EXIT_LIBRARY;
    }
    platform.model_image = image;
  }
  const size_t memory_bytes = (size_t)chosen->memory_mib << 20;
  void *memory = aligned_alloc(64, memory_bytes);
  int result = EXIT_LIBRARY;
  if (memory == NULL) {
    fprintf(stderr, "percepnet_agent: no %lu MiB of memory, try a smaller --memory-mib\n",
            chosen->memory_mib);
  } else {
    result = serve(chosen, &platform, memory, memory_bytes);
  }
  free(memory);
  free(image);
  return result;
}

int main(int argc, char **argv) {
  options chosen = {PN_KERNEL_AUTO, MEMORY_MIB_DEFAULT, NULL, NULL, pn_linux_flash_prepare(argv)};
  const int early = parse_options(argc, argv, &chosen);
  if (early >= 0) return early;
  signal(SIGPIPE, SIG_IGN);
  link_ends ends = {STDIN_FILENO, STDOUT_FILENO};
  if (chosen.tty != NULL) {
    const int tty = pn_agent_open_tty(chosen.tty);
    if (tty < 0) return EXIT_LINK;
    ends.in = tty;
    ends.out = tty;
  }
  return serve_with_memory(&chosen, &ends);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* percepnet_denoise IN.wav OUT.wav: cleans a 48 kHz WAV file, every channel by a state of its own.
 * The output has the input's format and length; the library's delay is removed. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_file.h"
#include "percepnet/percepnet.h"
#include "wav_reader.h"
#include "wav_writer.h"

enum { EXIT_USAGE = 2, EXIT_DATA = 4, EXIT_INTERRUPTED = 130 };

typedef struct options {
  pn_kernel kernel;
  int attenuation_limit_db;
  const char *model_path;
  const char *source;
  const char *target;
} options;

typedef struct job {
  pn_wav_reader reader;
  pn_wav_writer writer;
  void *model_image;
  pn_state *states[PN_WAV_CHANNELS_MAX];
  int16_t *block; /* interleaved [PN_WAV_BLOCK_FRAMES * channels] */
} job;

static const char *const kernel_names[] = {"auto", "scalar", "neon",      "dotprod",
                                           "i8mm", "avx2",   "avx512vnni"};

static const char help_text[] =
    "usage: percepnet_denoise [options] IN.wav OUT.wav\n"
    "Cleans speech in a 48 kHz WAV file; OUT.wav gets the format and length of IN.wav.\n"
    "  --kernel NAME            auto, scalar, neon, dotprod, i8mm, avx2 or avx512vnni\n"
    "  --attenuation-limit DB   attenuate by at most DB, 0 to 100 (default 100: no limit)\n"
    "  --model FILE             a model image instead of the one built in\n"
    "  --version                library version\n"
    "  --help                   this text\n";

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

static int complain(int code, const char *what, const char *problem) {
  fprintf(stderr, "percepnet_denoise: %s: %s\n", what, problem);
  return code;
}

static int parse_kernel(const char *name, pn_kernel *kernel) {
  for (size_t i = 0; i < sizeof kernel_names / sizeof kernel_names[0]; ++i) {
    if (strcmp(name, kernel_names[i]) == 0) {
      *kernel = (pn_kernel)i;
      return 0;
    }
  }
  return complain(EXIT_USAGE, name, "no such kernel, see --help");
}

static int parse_limit(const char *text, int *limit_db) {
  char *end = NULL;
  const long value = strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < 0 || value > 100) {
    return complain(EXIT_USAGE, text, "the attenuation limit is a number from 0 to 100 dB");
  }
  *limit_db = (int)value;
  return 0;
}

/* -1: go on; otherwise the exit code. */
static int parse_options(int argc, char **argv, options *chosen) {
  static const struct option known[] = {{"kernel", required_argument, NULL, 'k'},
                                        {"attenuation-limit", required_argument, NULL, 'a'},
                                        {"model", required_argument, NULL, 'm'},
                                        {"version", no_argument, NULL, 'v'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};
  int option;
  int failure = 0;
  while (failure == 0 && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    switch (option) {
      case 'k': failure = parse_kernel(optarg, &chosen->kernel); break;
      case 'a': failure = parse_limit(optarg, &chosen->attenuation_limit_db); break;
      case 'm': chosen->model_path = optarg; break;
      case 'v': printf("percepnet_denoise %s\n", pn_version()); return EXIT_SUCCESS;
      case 'h': fputs(help_text, stdout); return EXIT_SUCCESS;
      default: return EXIT_USAGE;
    }
  }
  if (failure != 0) return failure;
  if (argc - optind != 2) {
    return complain(EXIT_USAGE, "arguments", "give IN.wav and OUT.wav, see --help");
  }
  chosen->source = argv[optind];
  chosen->target = argv[optind + 1];
  return -1;
}

static int open_source(const options *chosen, job *work) {
  const char *problem = pn_wav_open(&work->reader, chosen->source);
  if (problem != NULL) return complain(EXIT_DATA, chosen->source, problem);
  const uint32_t rate = work->reader.format.sample_rate_hz;
  if (rate == (uint32_t)pn_sample_rate()) return 0;
  fprintf(stderr,
          "percepnet_denoise: %s: has %lu Hz, this program takes 48000 Hz; use 'host_tools denoise',"
          " which converts, or resample the file first\n",
          chosen->source, (unsigned long)rate);
  return EXIT_DATA;
}

static int make_states(const options *chosen, job *work) {
  pn_config config;
  pn_config_init(&config);
  config.kernel = chosen->kernel;
  if (chosen->model_path != NULL) {
    work->model_image = pn_load_file(chosen->model_path, &config.model_bytes);
    if (work->model_image == NULL) return complain(EXIT_DATA, chosen->model_path, strerror(errno));
    config.model_image = work->model_image;
  }
  for (unsigned c = 0; c < work->reader.format.channels; ++c) {
    pn_status status = pn_create(&config, &work->states[c]);
    if (status == PN_OK) {
      status = pn_set_attenuation_limit_db(work->states[c], chosen->attenuation_limit_db);
    }
    if (status == PN_ERROR_KERNEL) {
      return complain(EXIT_USAGE, kernel_names[chosen->kernel], pn_error_string(status));
    }
    if (status != PN_OK) {
      const char *model = chosen->model_path == NULL ? "built-in model" : chosen->model_path;
      return complain(EXIT_DATA, model, pn_error_string(status));
    }
  }
  return 0;
}

/* Clean one block in place, channel by channel. */
static pn_status clean_block(job *work) {
  const unsigned channels = work->reader.format.channels;
  int16_t packet[PN_PACKET_SAMPLES];
  for (unsigned c = 0; c < channels; ++c) {
    for (size_t i = 0; i < PN_PACKET_SAMPLES; ++i) packet[i] = work->block[i * channels + c];
    const pn_status status = pn_process_packet(work->states[c], packet, packet, NULL);
    if (status != PN_OK) return status;
    for (size_t i = 0; i < PN_PACKET_SAMPLES; ++i) work->block[i * channels + c] = packet[i];
  }
  return PN_OK;
}

/* Read the next block, zeros after the end of the audio. */
static const char *fill_block(job *work) {
  const unsigned channels = work->reader.format.channels;
  uint32_t got = 0;
  if (work->reader.frames_left > 0) {
    const char *problem = pn_wav_read(&work->reader, work->block, PN_WAV_BLOCK_FRAMES, &got);
    if (problem != NULL) return problem;
  }
  memset(work->block + (size_t)got * channels, 0,
         (size_t)(PN_WAV_BLOCK_FRAMES - got) * channels * sizeof(int16_t));
  return NULL;
}

static int process(const options *chosen, job *work) {
  const unsigned channels = work->reader.format.channels;
  uint64_t to_skip = (uint64_t)pn_delay_samples();
  uint64_t to_write = work->reader.format.frames;
  while (to_write > 0) {
    if (interrupted) return complain(EXIT_INTERRUPTED, chosen->source, "interrupted");
    const char *problem = fill_block(work);
    if (problem != NULL) return complain(EXIT_DATA, chosen->source, problem);
    const pn_status status = clean_block(work);
    if (status != PN_OK) return complain(EXIT_DATA, chosen->source, pn_error_string(status));
    const uint32_t skipped = to_skip < PN_WAV_BLOCK_FRAMES ? (uint32_t)to_skip
                                                           : (uint32_t)PN_WAV_BLOCK_FRAMES;
    uint32_t count = PN_WAV_BLOCK_FRAMES - skipped;
    if (count > to_write) count = (uint32_t)to_write;
    if (!pn_wav_write(&work->writer, work->block + (size_t)skipped * channels, count)) {
      return complain(EXIT_DATA, chosen->target, strerror(errno));
    }
    to_skip -= skipped;
    to_write -= count;
  }
  const char *problem = pn_wav_finish(&work->writer);
  return problem == NULL ? EXIT_SUCCESS : complain(EXIT_DATA, chosen->target, problem);
}

static int denoise(const options *chosen, job *work) {
  int failure = open_source(chosen, work);
  if (failure == 0) failure = make_states(chosen, work);
  if (failure != 0) return failure;
  work->block =
      malloc((size_t)PN_WAV_BLOCK_FRAMES * work->reader.format.channels * sizeof(int16_t));
  if (work->block == NULL) return complain(EXIT_DATA, chosen->source, "no memory");
  const char *problem = pn_wav_create(&work->writer, chosen->target, &work->reader.format);
  if (problem != NULL) return complain(EXIT_DATA, chosen->target, problem);
  return process(chosen, work);
}

static void clean_up(job *work) {
  pn_wav_abandon(&work->writer);
  pn_wav_close(&work->reader);
  for (unsigned c = 0; c < PN_WAV_CHANNELS_MAX; ++c) pn_destroy(work->states[c]);
  free(work->model_image);
  free(work->block);
}

int main(int argc, char **argv) {
  options chosen = {PN_KERNEL_AUTO, 100, NULL, NULL, NULL};
  const int early = parse_options(argc, argv, &chosen);
  if (early >= 0) return early;
  const struct sigaction stop = {.sa_handler = on_signal};
  sigaction(SIGINT, &stop, NULL);
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGHUP, &stop, NULL);
  static job work;
  const int result = denoise(&chosen, &work);
  clean_up(&work);
  return result;
}

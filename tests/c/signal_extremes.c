/* SPDX-License-Identifier: Apache-2.0 */
/* Signals at the edge of the number range through every public function, frame against packet:
 * meant for the sanitizer build. Prints a checksum of all output.
 * usage: signal_extremes MODEL_IMAGE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "percepnet/percepnet.h"

#define FRAMES 60

typedef int16_t (*signal)(int n, uint32_t random);

static int16_t lowest(int n, uint32_t random) {
  (void)n;
  (void)random;
  return -32768;
}

static int16_t square(int n, uint32_t random) {
  (void)random;
  return n / 48 % 2 == 0 ? 32767 : -32768;
}

static int16_t nyquist(int n, uint32_t random) {
  (void)random;
  return n % 2 == 0 ? 32767 : -32768;
}

static int16_t impulses(int n, uint32_t random) {
  (void)random;
  return n % 768 == 0 ? -32768 : 0;
}

static int16_t full_noise(int n, uint32_t random) {
  (void)n;
  return (int16_t)((int32_t)(random >> 16) - 32768);
}

static int16_t last_bit(int n, uint32_t random) {
  (void)n;
  return (int16_t)((int32_t)(random >> 30) % 2);
}

/* From silence to full scale and back every few frames. */
static int16_t bursts(int n, uint32_t random) {
  return n / 1111 % 3 == 0 ? full_noise(n, random) : n / 1111 % 3 == 1 ? 0 : square(n, random);
}

static void fill(signal make, int16_t *samples, int count) {
  uint32_t random = 1;
  for (int n = 0; n < count; n++) {
    random = random * 1664525u + 1013904223u;
    samples[n] = make(n, random);
  }
}

static void *load(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
  *bytes = (size_t)ftell(file);
  rewind(file);
  void *image = aligned_alloc(64, (*bytes + 63) / 64 * 64);
  if (image != NULL && fread(image, 1, *bytes, file) != *bytes) {
    free(image);
    image = NULL;
  }
  fclose(file);
  return image;
}

static int fail(const char *what, pn_status status) {
  fprintf(stderr, "signal_extremes: %s: %s\n", what, pn_error_string(status));
  return 1;
}

/* Runs one signal by frames and by packets; the outputs must agree. */
static int run(pn_state *state, signal make, uint32_t *checksum) {
  static int16_t in[FRAMES * PN_FRAME_SAMPLES], framed[FRAMES * PN_FRAME_SAMPLES];
  static int16_t packed[FRAMES * PN_FRAME_SAMPLES];
  pn_frame_info info[2];
  fill(make, in, FRAMES * PN_FRAME_SAMPLES);
  pn_reset(state);
  for (int n = 0; n < FRAMES * PN_FRAME_SAMPLES; n += PN_FRAME_SAMPLES) {
    const pn_status status = pn_process_frame(state, in + n, framed + n, info);
    if (status != PN_OK) return fail("pn_process_frame", status);
  }
  pn_reset(state);
  for (int n = 0; n < FRAMES * PN_FRAME_SAMPLES; n += PN_PACKET_SAMPLES) {
    const pn_status status = pn_process_packet(state, in + n, packed + n, info);
    if (status != PN_OK) return fail("pn_process_packet", status);
  }
  if (memcmp(framed, packed, sizeof framed) != 0) {
    fprintf(stderr, "signal_extremes: packets differ from frames\n");
    return 1;
  }
  for (int n = 0; n < FRAMES * PN_FRAME_SAMPLES; n++) {
    *checksum = *checksum * 31u + (uint16_t)framed[n];
  }
  return 0;
}

int main(int argc, char **argv) {
  const signal signals[] = {lowest, square, nyquist, impulses, full_noise, last_bit, bursts};
  const int limits_db[] = {100, 12, 0};
  uint32_t checksum = 0;
  pn_config config;
  pn_state *state = NULL;
  if (argc != 2) {
    fprintf(stderr, "usage: signal_extremes MODEL_IMAGE\n");
    return 2;
  }
  pn_config_init(&config);
  void *image = load(argv[1], &config.model_bytes);
  config.model_image = image;
  const pn_status status = pn_create(&config, &state);
  int failed = status == PN_OK ? 0 : fail("pn_create", status);
  for (size_t limit = 0; limit < sizeof limits_db / sizeof limits_db[0] && !failed; limit++) {
    pn_set_attenuation_limit_db(state, limits_db[limit]);
    for (size_t s = 0; s < sizeof signals / sizeof signals[0] && !failed; s++) {
      failed = run(state, signals[s], &checksum);
    }
  }
  pn_destroy(state);
  free(image);
  if (!failed) printf("%08lx\n", (unsigned long)checksum);
  return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the memory that the library needs, one "name value" a line:
 * the state of one channel, and the stack of creating and of processing, measured by painting a
 * thread's stack and looking how far it was used. usage: percepnet_sizes [MODEL_IMAGE] */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "percepnet/percepnet.h"

#define STACK_BYTES (256u * 1024u)
#define PAINT 0xA5
#define PACKETS 150 /* 3 s: every branch of the pitch tracker is taken */

typedef struct job {
  const pn_config *config;
  pn_state *state;
  pn_status status;
} job;

static void *do_nothing(void *argument) { return argument; }

static void *do_create(void *argument) {
  job *j = argument;
  j->status = pn_create(j->config, &j->state);
  return argument;
}

/* Noise bursts of every level over a square wave whose period changes. */
static int16_t test_sample(uint32_t *seed, int n) {
  *seed = *seed * 1664525u + 1013904223u;
  int noise = (int)(*seed >> 16) - 32768;
  int level = (n / 9600) % 5;
  int period = 100 + n / 400;
  int voice = (n % period) < period / 2 ? 8000 : -8000;
  int sum = noise / (1 << (3 * level)) + (level == 4 ? 0 : voice);
  return (int16_t)(sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum);
}

static void *do_process(void *argument) {
  static int16_t packet[PN_PACKET_SAMPLES];
  job *j = argument;
  pn_frame_info info[2];
  uint32_t seed = 1;
  for (int p = 0; p < PACKETS && j->status == PN_OK; p++) {
    for (int n = 0; n < PN_PACKET_SAMPLES; n++) {
      packet[n] = test_sample(&seed, p * PN_PACKET_SAMPLES + n);
    }
    if (p % 2 == 0) {
      j->status = pn_process_packet(j->state, packet, packet, info);
    } else {
      j->status = pn_process_frame(j->state, packet, packet, info);
    }
  }
  return argument;
}

/* Bytes of stack that a thread running work used; exits on a system error. */
static size_t stack_used(void *(*work)(void *), void *argument) {
  pthread_attr_t attributes;
  pthread_t thread;
  unsigned char *stack = NULL;
  if (posix_memalign((void **)&stack, 4096, STACK_BYTES) != 0) {
    fputs("percepnet_sizes: out of memory\n", stderr);
    exit(4);
  }
  memset(stack, PAINT, STACK_BYTES);
  if (pthread_attr_init(&attributes) != 0 ||
      pthread_attr_setstack(&attributes, stack, STACK_BYTES) != 0 ||
      pthread_create(&thread, &attributes, work, argument) != 0 ||
      pthread_join(thread, NULL) != 0) {
    fputs("percepnet_sizes: cannot start a thread\n", stderr);
    exit(4);
  }
  size_t untouched = 0;
  while (untouched < STACK_BYTES && stack[untouched] == PAINT) untouched++;
  pthread_attr_destroy(&attributes);
  free(stack);
  return STACK_BYTES - untouched;
}

/* The whole file in 64-byte aligned memory; NULL after printing what is wrong. */
static void *read_image(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  void *image = NULL;
  long size = 0;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 &&
      fseek(file, 0, SEEK_SET) == 0 && posix_memalign(&image, 64, (size_t)size) == 0 &&
      fread(image, 1, (size_t)size, file) != (size_t)size) {
    free(image);
    image = NULL;
  }
  if (file != NULL) fclose(file);
  if (image == NULL) fprintf(stderr, "percepnet_sizes: %s cannot be read\n", path);
  *bytes = (size_t)size;
  return image;
}

int main(int argc, char **argv) {
  pn_config config;
  pn_config_init(&config);
  void *image = NULL;
  if (argc > 1) {
    image = read_image(argv[1], &config.model_bytes);
    if (image == NULL) return 4;
    config.model_image = image;
  }
  job j = {&config, NULL, PN_OK};
  size_t base = stack_used(do_nothing, NULL);
  size_t create = stack_used(do_create, &j);
  size_t process = j.status == PN_OK ? stack_used(do_process, &j) : 0;
  if (j.status != PN_OK) {
    fprintf(stderr, "percepnet_sizes: %s\n", pn_error_string(j.status));
    return 4;
  }
  printf("kernel %s\n", pn_kernel_name(j.state));
  printf("state_bytes %zu\n", pn_state_size(&config));
  printf("stack_create_bytes %zu\n", create - base);
  printf("stack_process_bytes %zu\n", process - base);
  pn_destroy(j.state);
  free(image);
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compares every kernel family that this CPU runs with the scalar one, on random and extreme data.
 *   kernel_selftest                        prints one line a family, ends 1 at a difference
 *   kernel_selftest IMAGE FEATURES FRAMES  also runs the network of a model image on raw int16
 *       features [frames][70] and prints the CRC-32 of its outputs for each family, frame by
 *       frame and in packets of two */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crc32.h"
#include "kernels/kernels.h"
#include "model_image.h"
#include "network.h"

#define MAX_ROWS 3072
#define MAX_COLUMNS 2560
#define MAX_WEIGHTS (MAX_ROWS * MAX_COLUMNS)
#define ROUNDS 40
#define ALIGNMENT 64

static const pn_kernels *scalar;
static int failures;

static uint32_t random32(void) {
  static uint32_t state = 2463534242u;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static int random_below(int limit) { return (int)(random32() % (uint32_t)limit); }

/* Uniform in [-limit, limit]; extreme: only the two ends and zero. */
static int random_signed(int limit, int extreme) {
  if (extreme) return (random_below(3) - 1) * limit;
  return random_below(2 * limit + 1) - limit;
}

static void *need(size_t bytes) {
  void *block = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  if (block == NULL) {
    fprintf(stderr, "kernel_selftest: out of memory\n");
    exit(2);
  }
  return block;
}

static void compare(const pn_kernels *kernels, const char *what, const void *got, const void *want,
                    size_t bytes) {
  if (memcmp(got, want, bytes) == 0) return;
  printf("%s: %s differs from scalar\n", kernels->name, what);
  failures++;
}

static void check_products(const pn_kernels *kernels) {
  static int32_t got[2][MAX_ROWS], want[2][MAX_ROWS];
  int8_t *weights = need(MAX_WEIGHTS);
  int8_t *x = need(2 * MAX_COLUMNS);
  int16_t *wide = need(PN_MAX_COLUMNS_S16 * sizeof *wide);
  for (int round = 0; round < ROUNDS; round++) {
    const int extreme = round % 4 == 0;
    const int rows = PN_STRIP_ROWS * (1 + random_below(round % 8 == 0 ? 40 : 9));
    const int columns = PN_COLUMN_MULTIPLE * (1 + random_below(MAX_COLUMNS / PN_COLUMN_MULTIPLE));
    const int narrow = PN_COLUMN_MULTIPLE * (1 + random_below(8));
    const size_t used = (size_t)rows * sizeof(int32_t);
    for (int i = 0; i < rows * columns; i++) weights[i] = (int8_t)random_signed(127, extreme);
    for (int i = 0; i < 2 * MAX_COLUMNS; i++) x[i] = (int8_t)random_signed(127, extreme);
    for (int i = 0; i < narrow; i++) wide[i] = (int16_t)random_signed(32767, extreme);
    scalar->gemv2_s8(want[0], want[1], weights, x, x + 16, rows, columns);
    kernels->gemv_s8(got[0], weights, x, rows, columns);
    compare(kernels, "gemv_s8", got[0], want[0], used);
    kernels->gemv2_s8(got[0], got[1], weights, x, x + 16, rows, columns);
    compare(kernels, "gemv2_s8 frame 0", got[0], want[0], used);
    compare(kernels, "gemv2_s8 frame 1", got[1], want[1], used);
    scalar->gemv_s8_s16(want[0], weights, wide, rows, narrow);
    kernels->gemv_s8_s16(got[0], weights, wide, rows, narrow);
    compare(kernels, "gemv_s8_s16", got[0], want[0], used);
  }
  free(wide);
  free(x);
  free(weights);
}

/* Index of random density, strips all empty and all full among them; returns the blocks. */
static int random_index(uint16_t *index, int rows, int columns) {
  int blocks = 0;
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    const int percent = random_below(7) * 25 - 25;
    uint16_t *count = index++;
    *count = 0;
    for (int column = 0; column < columns; column += PN_GROUP_COLUMNS) {
      if (random_below(100) >= percent) continue;
      *index++ = (uint16_t)column;
      (*count)++;
    }
    blocks += *count;
  }
  return blocks;
}

/* A block-sparse matrix as the dense one. */
static void spread(int8_t *weights, const int8_t *blocks, const uint16_t *index, int rows,
                   int columns) {
  memset(weights, 0, (size_t)rows * (size_t)columns);
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    for (int left = *index++; left > 0; left--, index++) {
      for (int half = 0; half < PN_BLOCK_ROWS; half += PN_STRIP_ROWS) {
        memcpy(weights + (ptrdiff_t)(strip + half) * columns + *index * PN_STRIP_ROWS, blocks,
               PN_BLOCK_BYTES / 2);
        blocks += PN_BLOCK_BYTES / 2;
      }
    }
  }
}

#define MAX_SPARSE_ROWS (PN_BLOCK_ROWS * 9)

static void check_sparse_products(const pn_kernels *kernels) {
  static int32_t got[2][MAX_SPARSE_ROWS], want[2][MAX_SPARSE_ROWS];
  const size_t most = (size_t)MAX_SPARSE_ROWS * MAX_COLUMNS;
  int8_t *weights = need(most), *blocks = need(most), *x = need(2 * MAX_COLUMNS);
  uint16_t *index = need((MAX_SPARSE_ROWS / PN_BLOCK_ROWS + most / PN_BLOCK_BYTES) * sizeof *index);
  for (int round = 0; round < ROUNDS; round++) {
    const int extreme = round % 4 == 0;
    const int rows = PN_BLOCK_ROWS * (1 + random_below(MAX_SPARSE_ROWS / PN_BLOCK_ROWS));
    const int columns =
        PN_COLUMN_MULTIPLE * (1 + random_below(MAX_COLUMNS / PN_COLUMN_MULTIPLE / (1 + round % 9)));
    const size_t used = (size_t)rows * sizeof(int32_t);
    const int count = random_index(index, rows, columns);
    for (int i = 0; i < count * PN_BLOCK_BYTES; i++) blocks[i] = (int8_t)random_signed(127, extreme);
    for (int i = 0; i < 2 * MAX_COLUMNS; i++) x[i] = (int8_t)random_signed(127, extreme);
    spread(weights, blocks, index, rows, columns);
    scalar->gemv2_s8(want[0], want[1], weights, x, x + 16, rows, columns);
    kernels->gemv_sparse_s8(got[0], blocks, index, x, rows);
    compare(kernels, "gemv_sparse_s8", got[0], want[0], used);
    kernels->gemv2_sparse_s8(got[0], got[1], blocks, index, x, x + 16, rows);
    compare(kernels, "gemv2_sparse_s8 frame 0", got[0], want[0], used);
    compare(kernels, "gemv2_sparse_s8 frame 1", got[1], want[1], used);
  }
  free(index);
  free(x);
  free(blocks);
  free(weights);
}

static void check_activations(const pn_kernels *kernels) {
  static int16_t x[65536], got[65536], want[65536];
  static int8_t got8[65536], want8[65536];
  for (int i = 0; i < 65536; i++) x[i] = (int16_t)(i - 32768);
  kernels->tanh_q15(got, x, 65536);
  scalar->tanh_q15(want, x, 65536);
  compare(kernels, "tanh_q15", got, want, sizeof want);
  kernels->sigmoid_q15(got, x, 65536);
  scalar->sigmoid_q15(want, x, 65536);
  compare(kernels, "sigmoid_q15", got, want, sizeof want);
  kernels->sigmoid_q15(got, x + 40, 40);
  compare(kernels, "sigmoid_q15 of 40", got, want + 40, 40 * sizeof want[0]);
  x[0] = 0; /* -32768 is outside the range of quantise_x8 */
  kernels->quantise_x8(got8, x, 65536);
  scalar->quantise_x8(want8, x, 65536);
  compare(kernels, "quantise_x8", got8, want8, sizeof want8);
}

#define VALUES 3072

static void check_requantise(const pn_kernels *kernels) {
  static int32_t acc[VALUES], multiplier[VALUES], bias[VALUES];
  static int16_t got[VALUES], want[VALUES];
  for (int round = 0; round < ROUNDS; round++) {
    const int extreme = round % 4 == 0, shift = round % 2 ? 3 : 0;
    const int n = 8 * (1 + random_below(VALUES / 8));
    for (int i = 0; i < n; i++) {
      acc[i] = random_signed((1 << (30 - shift)) - 1, extreme) >> random_below(24);
      multiplier[i] = extreme ? INT32_MAX : (int32_t)(random32() >> (1 + random_below(10)));
      bias[i] = random_signed(PN_MAX_BIAS_Q12, extreme) >> random_below(20);
    }
    scalar->requantise(want, acc, multiplier, bias, shift, round / 2 % 2, n);
    kernels->requantise(got, acc, multiplier, bias, shift, round / 2 % 2, n);
    compare(kernels, "requantise", got, want, (size_t)n * sizeof want[0]);
  }
}

static void check_gru(const pn_kernels *kernels) {
  static int32_t side[2][3 * PN_MAX_UNITS], multiplier[2][3 * PN_MAX_UNITS];
  static int32_t input_bias[3 * PN_MAX_UNITS], recurrent_bias[PN_MAX_UNITS];
  static int32_t got[PN_MAX_UNITS], want[PN_MAX_UNITS];
  static int8_t got8[PN_MAX_UNITS], want8[PN_MAX_UNITS];
  const pn_gru_scales scales = {multiplier[0], input_bias, multiplier[1], recurrent_bias};
  for (int round = 0; round < ROUNDS; round++) {
    const int extreme = round % 4 == 0;
    const int units = PN_UNIT_MULTIPLE * (1 + random_below(PN_MAX_UNITS / PN_UNIT_MULTIPLE));
    for (int i = 0; i < 3 * units; i++) {
      for (int s = 0; s < 2; s++) {
        side[s][i] = random_signed((1 << 25) - 1, extreme) >> random_below(16);
        multiplier[s][i] = extreme ? INT32_MAX : (int32_t)(random32() >> (1 + random_below(10)));
      }
      input_bias[i] = random_signed(PN_MAX_BIAS_Q12, extreme) >> random_below(20);
    }
    for (int i = 0; i < units; i++) {
      recurrent_bias[i] = random_signed(PN_MAX_BIAS_Q12, extreme) >> random_below(20);
      got[i] = want[i] = random_signed(32767 * 512, extreme);
    }
    scalar->gru_update(want, want8, side[0], side[1], &scales, units);
    kernels->gru_update(got, got8, side[0], side[1], &scales, units);
    compare(kernels, "gru_update state", got, want, (size_t)units * sizeof want[0]);
    compare(kernels, "gru_update x8", got8, want8, (size_t)units);
  }
}

/* Inputs bounded by 2^19, as the windowed samples are. */
static void check_fft(const pn_kernels *kernels) {
  static pn_complex_block x, copy, got, want;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < PN_FFT_POINTS; i++) {
      x.re[i] = random_signed(1 << 19, round % 4 == 0);
      x.im[i] = random_signed(1 << 19, round % 4 == 0);
    }
    copy = x;
    scalar->fft_480(&copy, &want);
    kernels->fft_480(&x, &got);
    compare(kernels, "fft_480", &got, &want, sizeof want);
  }
}

static void *read_file(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    fprintf(stderr, "kernel_selftest: cannot read %s\n", path);
    exit(2);
  }
  const long size = ftell(file);
  void *content = need(size > 0 ? (size_t)size : 1);
  rewind(file);
  *bytes = fread(content, 1, size > 0 ? (size_t)size : 0, file);
  fclose(file);
  return content;
}

static void run_network(const pn_kernels *kernels, const pn_model *model, const int16_t *features,
                        int frames, int frames_per_call) {
  pn_network *net = need(pn_network_bytes(model));
  uint32_t crc = 0;
  pn_network_init(net, model, kernels);
  for (int done = 0; done < frames; done += frames_per_call) {
    pn_network_output out[PN_NETWORK_MAX_FRAMES];
    const int now = frames - done < frames_per_call ? frames - done : frames_per_call;
    pn_network_run(net, features + (size_t)done * PN_FEATURES, now, out);
    for (int i = 0; i < now; i++) {
      crc = pn_crc32(crc, out[i].gain_q15, sizeof out[i].gain_q15);
      crc = pn_crc32(crc, out[i].strength_q15, sizeof out[i].strength_q15);
      crc = pn_crc32(crc, &out[i].voice_q15, sizeof out[i].voice_q15);
    }
  }
  printf("%s: network %d %08lx\n", kernels->name, frames_per_call, (unsigned long)crc);
  free(net);
}

static void check_kernels(const pn_kernels *kernels) {
  const int before = failures;
  check_products(kernels);
  check_sparse_products(kernels);
  check_activations(kernels);
  check_requantise(kernels);
  check_gru(kernels);
  check_fft(kernels);
  if (failures == before) printf("%s: kernels equal\n", kernels->name);
}

int main(int argc, char **argv) {
  pn_model model;
  size_t image_bytes = 0, feature_bytes = 0;
  void *image = NULL, *features = NULL;
  if (argc == 4) {
    image = read_file(argv[1], &image_bytes);
    features = read_file(argv[2], &feature_bytes);
    const pn_status status = pn_model_parse(&model, image, image_bytes);
    if (status != PN_OK || feature_bytes < (size_t)atoi(argv[3]) * PN_FEATURES * 2) {
      fprintf(stderr, "kernel_selftest: bad image (status %d) or too few features\n", status);
      return 2;
    }
  } else if (argc != 1) {
    fprintf(stderr, "usage: kernel_selftest [IMAGE FEATURES FRAMES]\n");
    return 2;
  }
  scalar = pn_kernels_select(PN_KERNEL_SCALAR, NULL);
  for (int id = PN_KERNEL_SCALAR; id <= PN_KERNEL_AVX512VNNI; id++) {
    const pn_kernels *kernels = pn_kernels_select((pn_kernel)id, NULL);
    if (kernels == NULL) continue;
    check_kernels(kernels);
    for (int per_call = 1; image != NULL && per_call <= 2; per_call++) {
      run_network(kernels, &model, features, atoi(argv[3]), per_call);
    }
  }
  free(features);
  free(image);
  return failures == 0 ? 0 : 1;
}

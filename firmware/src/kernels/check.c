/* SPDX-License-Identifier: Apache-2.0 */
/* With PN_CHECK_KERNELS each SIMD kernel is compared with the scalar one at every call; the first
 * difference ends the program. A test build: it uses more stack than the library may. */
#include "families.h"

#if defined(PN_CHECK_KERNELS) && (defined(PN_HAVE_NEON) || defined(PN_HAVE_DOTPROD) || \
                                  defined(PN_HAVE_AVX2) || defined(PN_HAVE_AVX512VNNI))

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 64 /* values compared at a time by element-wise checks */

static void require_equal(const char *family, const char *kernel, int first, const void *got,
                          const void *want, size_t bytes) {
  if (memcmp(got, want, bytes) == 0) return;
  fprintf(stderr, "percepnet: kernel %s of family %s differs from scalar near element %d\n", kernel,
          family, first);
  abort();
}

static void check_gemv_s8(const char *family, const char *kernel, const int32_t *acc,
                          const int8_t *weights, const int8_t *x, int rows, int columns) {
  for (int row = 0; row < rows; row += PN_STRIP_ROWS) {
    int32_t want[PN_STRIP_ROWS];
    pn_gemv_s8_scalar(want, weights + (ptrdiff_t)row * columns, x, PN_STRIP_ROWS, columns);
    require_equal(family, kernel, row, acc + row, want, sizeof want);
  }
}

static void check_gemv_sparse_s8(const char *family, const char *kernel, const int32_t *acc,
                                 const int8_t *blocks, const uint16_t *index, const int8_t *x,
                                 int rows) {
  for (int row = 0; row < rows; row += PN_BLOCK_ROWS) {
    int32_t want[PN_BLOCK_ROWS];
    pn_gemv_sparse_s8_scalar(want, blocks, index, x, PN_BLOCK_ROWS);
    require_equal(family, kernel, row, acc + row, want, sizeof want);
    blocks += (ptrdiff_t)index[0] * PN_BLOCK_BYTES;
    index += 1 + index[0];
  }
}

static void check_gemv_s8_s16(const char *family, const int32_t *acc, const int8_t *weights,
                              const int16_t *x, int rows, int columns) {
  for (int row = 0; row < rows; row += PN_STRIP_ROWS) {
    int32_t want[PN_STRIP_ROWS];
    pn_gemv_s8_s16_scalar(want, weights + (ptrdiff_t)row * columns, x, PN_STRIP_ROWS, columns);
    require_equal(family, "gemv_s8_s16", row, acc + row, want, sizeof want);
  }
}

static int chunk_at(int i, int n) { return n - i < CHUNK ? n - i : CHUNK; }

static void check_requantise(const char *family, const int16_t *got, const int32_t *acc,
                             const int32_t *multiplier, const int32_t *bias_q12, int acc_shift,
                             int pre_shift, int n) {
  for (int i = 0; i < n; i += CHUNK) {
    const int count = chunk_at(i, n);
    int16_t want[CHUNK];
    pn_requantise_scalar(want, acc + i, multiplier + i, bias_q12 + i, acc_shift, pre_shift, count);
    require_equal(family, "requantise", i, got + i, want, (size_t)count * sizeof want[0]);
  }
}

static void check_activation(const char *family, const char *kernel,
                             void (*scalar)(int16_t *, const int16_t *, int), const int16_t *got,
                             const int16_t *x, int n) {
  for (int i = 0; i < n; i += CHUNK) {
    const int count = chunk_at(i, n);
    int16_t want[CHUNK];
    scalar(want, x + i, count);
    require_equal(family, kernel, i, got + i, want, (size_t)count * sizeof want[0]);
  }
}

static void check_quantise(const char *family, const int8_t *got, const int16_t *x_q15, int n) {
  for (int i = 0; i < n; i += CHUNK) {
    const int count = chunk_at(i, n);
    int8_t want[CHUNK];
    pn_quantise_x8_scalar(want, x_q15 + i, count);
    require_equal(family, "quantise_x8", i, got + i, want, (size_t)count);
  }
}

/* The state is updated in place, so the scalar step runs first on a copy. */
static void check_gru(const pn_kernels *kernels, int32_t *h_q24, int8_t *x8,
                      const int32_t *acc_input, const int32_t *acc_recurrent,
                      const pn_gru_scales *scales, int units) {
  int32_t want_h[PN_MAX_UNITS];
  int8_t want_x8[PN_MAX_UNITS];
  memcpy(want_h, h_q24, (size_t)units * sizeof want_h[0]);
  pn_gru_update_scalar(want_h, want_x8, acc_input, acc_recurrent, scales, units);
  kernels->gru_update(h_q24, x8, acc_input, acc_recurrent, scales, units);
  require_equal(kernels->name, "gru_update", 0, h_q24, want_h, (size_t)units * sizeof want_h[0]);
  require_equal(kernels->name, "gru_update", 0, x8, want_x8, (size_t)units);
}

/* x is overwritten, so the scalar transform runs first on a copy. */
static void check_fft(const pn_kernels *kernels, pn_complex_block *restrict x,
                      pn_complex_block *restrict y) {
  pn_complex_block copy = *x, want;
  pn_fft_480(&copy, &want);
  kernels->fft_480(x, y);
  require_equal(kernels->name, "fft_480", 0, y, &want, sizeof want);
}

/* One checked table per family: a kernel has no argument that could name its family. */
#define DEFINE_CHECKED(family)                                                                     \
  static void gemv_s8_##family(int32_t *acc, const int8_t *weights, const int8_t *x, int rows,     \
                               int columns) {                                                      \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->gemv_s8(acc, weights, x, rows, columns);                                                    \
    check_gemv_s8(k->name, "gemv_s8", acc, weights, x, rows, columns);                             \
  }                                                                                                \
  static void gemv2_s8_##family(int32_t *acc0, int32_t *acc1, const int8_t *weights,               \
                                const int8_t *x0, const int8_t *x1, int rows, int columns) {       \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->gemv2_s8(acc0, acc1, weights, x0, x1, rows, columns);                                       \
    check_gemv_s8(k->name, "gemv2_s8", acc0, weights, x0, rows, columns);                          \
    check_gemv_s8(k->name, "gemv2_s8", acc1, weights, x1, rows, columns);                          \
  }                                                                                                \
  static void gemv_sparse_s8_##family(int32_t *acc, const int8_t *blocks, const uint16_t *index,   \
                                      const int8_t *x, int rows) {                                 \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->gemv_sparse_s8(acc, blocks, index, x, rows);                                                \
    check_gemv_sparse_s8(k->name, "gemv_sparse_s8", acc, blocks, index, x, rows);                  \
  }                                                                                                \
  static void gemv2_sparse_s8_##family(int32_t *acc0, int32_t *acc1, const int8_t *blocks,         \
                                       const uint16_t *index, const int8_t *x0,                    \
                                       const int8_t *x1, int rows) {                               \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->gemv2_sparse_s8(acc0, acc1, blocks, index, x0, x1, rows);                                   \
    check_gemv_sparse_s8(k->name, "gemv2_sparse_s8", acc0, blocks, index, x0, rows);               \
    check_gemv_sparse_s8(k->name, "gemv2_sparse_s8", acc1, blocks, index, x1, rows);               \
  }                                                                                                \
  static void gemv_s8_s16_##family(int32_t *acc, const int8_t *weights, const int16_t *x,          \
                                   int rows, int columns) {                                        \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->gemv_s8_s16(acc, weights, x, rows, columns);                                                \
    check_gemv_s8_s16(k->name, acc, weights, x, rows, columns);                                    \
  }                                                                                                \
  static void requantise_##family(int16_t *pre, const int32_t *acc, const int32_t *multiplier,     \
                                  const int32_t *bias_q12, int acc_shift, int pre_shift, int n) {  \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->requantise(pre, acc, multiplier, bias_q12, acc_shift, pre_shift, n);                        \
    check_requantise(k->name, pre, acc, multiplier, bias_q12, acc_shift, pre_shift, n);            \
  }                                                                                                \
  static void tanh_q15_##family(int16_t *y_q15, const int16_t *x, int n) {                         \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->tanh_q15(y_q15, x, n);                                                                      \
    check_activation(k->name, "tanh_q15", pn_tanh_q15_scalar, y_q15, x, n);                        \
  }                                                                                                \
  static void sigmoid_q15_##family(int16_t *y_q15, const int16_t *x, int n) {                      \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->sigmoid_q15(y_q15, x, n);                                                                   \
    check_activation(k->name, "sigmoid_q15", pn_sigmoid_q15_scalar, y_q15, x, n);                  \
  }                                                                                                \
  static void quantise_x8_##family(int8_t *x8, const int16_t *x_q15, int n) {                      \
    const pn_kernels *k = &pn_kernels_##family;                                                    \
    k->quantise_x8(x8, x_q15, n);                                                                  \
    check_quantise(k->name, x8, x_q15, n);                                                         \
  }                                                                                                \
  static void gru_update_##family(int32_t *h_q24, int8_t *x8, const int32_t *acc_input,            \
                                  const int32_t *acc_recurrent, const pn_gru_scales *scales,       \
                                  int units) {                                                     \
    check_gru(&pn_kernels_##family, h_q24, x8, acc_input, acc_recurrent, scales, units);           \
  }                                                                                                \
  static void fft_480_##family(pn_complex_block *restrict x, pn_complex_block *restrict y) {       \
    check_fft(&pn_kernels_##family, x, y);                                                         \
  }

/* NAME: the same as family in words, ID: its pn_kernel. */
#define DEFINE_TABLE(family, ID, NAME)             \
  DEFINE_CHECKED(family)                           \
  const pn_kernels pn_kernels_checked_##family = { \
      .id = ID,                                    \
      .name = NAME,                                \
      .gemv_s8 = gemv_s8_##family,                 \
      .gemv2_s8 = gemv2_s8_##family,               \
      .gemv_sparse_s8 = gemv_sparse_s8_##family,   \
      .gemv2_sparse_s8 = gemv2_sparse_s8_##family, \
      .gemv_s8_s16 = gemv_s8_s16_##family,         \
      .requantise = requantise_##family,           \
      .tanh_q15 = tanh_q15_##family,               \
      .sigmoid_q15 = sigmoid_q15_##family,         \
      .quantise_x8 = quantise_x8_##family,         \
      .gru_update = gru_update_##family,           \
      .fft_480 = fft_480_##family,                 \
  };

#if defined(PN_HAVE_NEON)
DEFINE_TABLE(neon, PN_KERNEL_NEON, "neon")
#endif
#if defined(PN_HAVE_DOTPROD)
DEFINE_TABLE(dotprod, PN_KERNEL_DOTPROD, "dotprod")
#endif
#if defined(PN_HAVE_AVX2)
DEFINE_TABLE(avx2, PN_KERNEL_AVX2, "avx2")
#endif
#if defined(PN_HAVE_AVX512VNNI)
DEFINE_TABLE(avx512vnni, PN_KERNEL_AVX512VNNI, "avx512vnni")
#endif

#endif

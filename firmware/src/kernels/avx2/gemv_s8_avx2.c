/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector: one 32-byte block is one register, one lane a row.
 * vpmaddubsw wants an unsigned operand: |x| times w with the sign of x is x * w, and a pair stays
 * below 2 * 127 * 127 < 2^15. */
#include <immintrin.h>
#include <string.h>

#include "kernels_avx2.h"

#define STRIPS 4 /* walked together, so that x is prepared once for 32 rows */
#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

/* Four neighbouring inputs in every lane. */
static inline __m256i broadcast4(const int8_t *x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

static inline __m256i add_block(__m256i sum, __m256i weights, __m256i x, __m256i magnitude) {
  const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(weights, x));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static inline __m256i load_block(const int8_t *p) {
  return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline void store_rows(int32_t *acc, __m256i sum) {
  _mm256_storeu_si256((__m256i *)(void *)acc, sum);
}

static inline void pn_gemv_strips(int32_t *acc, const int8_t *weights, const int8_t *x, int columns,
                                  int strips) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  __m256i sum[STRIPS];
  for (int s = 0; s < strips; s++) sum[s] = _mm256_setzero_si256();
  for (int column = 0; column < columns; column += PN_GROUP_COLUMNS, weights += BLOCK_BYTES) {
    const __m256i four = broadcast4(x + column);
    const __m256i magnitude = _mm256_abs_epi8(four);
    for (int s = 0; s < strips; s++) {
      sum[s] = add_block(sum[s], load_block(weights + s * stride), four, magnitude);
    }
  }
  for (int s = 0; s < strips; s++) store_rows(acc + s * PN_STRIP_ROWS, sum[s]);
}

static inline void pn_gemv2_strips(int32_t *acc0, int32_t *acc1, const int8_t *weights,
                                   const int8_t *x0, const int8_t *x1, int columns, int strips) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  __m256i sum0[STRIPS], sum1[STRIPS];
  for (int s = 0; s < strips; s++) sum0[s] = sum1[s] = _mm256_setzero_si256();
  for (int column = 0; column < columns; column += PN_GROUP_COLUMNS, weights += BLOCK_BYTES) {
    const __m256i four0 = broadcast4(x0 + column), magnitude0 = _mm256_abs_epi8(four0);
    const __m256i four1 = broadcast4(x1 + column), magnitude1 = _mm256_abs_epi8(four1);
    for (int s = 0; s < strips; s++) {
      const __m256i block = load_block(weights + s * stride);
      sum0[s] = add_block(sum0[s], block, four0, magnitude0);
      sum1[s] = add_block(sum1[s], block, four1, magnitude1);
    }
  }
  for (int s = 0; s < strips; s++) {
    store_rows(acc0 + s * PN_STRIP_ROWS, sum0[s]);
    store_rows(acc1 + s * PN_STRIP_ROWS, sum1[s]);
  }
}

void pn_gemv_s8_avx2(int32_t *acc, const int8_t *weights, const int8_t *x, int rows, int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv_strips(acc + row, weights + (ptrdiff_t)row * columns, x, columns, STRIPS);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_strips(acc + row, weights + (ptrdiff_t)row * columns, x, columns, 1);
  }
}

void pn_gemv2_s8_avx2(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                      const int8_t *x1, int rows, int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv2_strips(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns,
                    STRIPS);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv2_strips(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns, 1);
  }
}

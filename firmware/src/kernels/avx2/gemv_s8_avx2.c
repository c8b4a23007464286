/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector; the arithmetic is in gemv_avx2.h. */
#include "gemv_avx2.h"
#include "kernels_avx2.h"

#define STRIPS 4 /* walked together, so that x is prepared once for 32 rows */
#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

static inline void pn_gemv_strips(int32_t *acc, const int8_t *weights, const int8_t *x, int columns,
                                  int strips) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  __m256i sum[STRIPS];
  for (int s = 0; s < strips; s++) sum[s] = _mm256_setzero_si256();
  for (int column = 0; column < columns; column += PN_GROUP_COLUMNS, weights += BLOCK_BYTES) {
    const __m256i four = pn_broadcast4_avx2(x + column);
    const __m256i magnitude = _mm256_abs_epi8(four);
    for (int s = 0; s < strips; s++) {
      sum[s] = pn_add_block_avx2(sum[s], pn_load_block_avx2(weights + s * stride), four, magnitude);
    }
  }
  for (int s = 0; s < strips; s++) pn_store_rows_avx2(acc + s * PN_STRIP_ROWS, sum[s]);
}

static inline void pn_gemv2_strips(int32_t *acc0, int32_t *acc1, const int8_t *weights,
                                   const int8_t *x0, const int8_t *x1, int columns, int strips) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  __m256i sum0[STRIPS], sum1[STRIPS];
  for (int s = 0; s < strips; s++) sum0[s] = sum1[s] = _mm256_setzero_si256();
  for (int column = 0; column < columns; column += PN_GROUP_COLUMNS, weights += BLOCK_BYTES) {
    const __m256i four0 = pn_broadcast4_avx2(x0 + column), magnitude0 = _mm256_abs_epi8(four0);
    const __m256i four1 = pn_broadcast4_avx2(x1 + column), magnitude1 = _mm256_abs_epi8(four1);
    for (int s = 0; s < strips; s++) {
      const __m256i block = pn_load_block_avx2(weights + s * stride);
      sum0[s] = pn_add_block_avx2(sum0[s], block, four0, magnitude0);
      sum1[s] = pn_add_block_avx2(sum1[s], block, four1, magnitude1);
    }
  }
  for (int s = 0; s < strips; s++) {
    pn_store_rows_avx2(acc0 + s * PN_STRIP_ROWS, sum0[s]);
    pn_store_rows_avx2(acc1 + s * PN_STRIP_ROWS, sum1[s]);
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

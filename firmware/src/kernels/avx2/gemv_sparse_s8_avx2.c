/* SPDX-License-Identifier: Apache-2.0 */
/* Block-sparse int8 matrix times int8 vector; the arithmetic is in gemv_avx2.h. */
#include "gemv_avx2.h"
#include "kernels_avx2.h"

#define HALF_BYTES (PN_BLOCK_BYTES / 2) /* 8 rows */
#define HALF_ROWS (PN_BLOCK_ROWS / 2)

void pn_gemv_sparse_s8_avx2(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                            const int8_t *x, int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    __m256i low = _mm256_setzero_si256(), high = low;
    for (int left = *index++; left > 0; left--, blocks += PN_BLOCK_BYTES) {
      const __m256i four = pn_broadcast4_avx2(x + *index++);
      const __m256i magnitude = _mm256_abs_epi8(four);
      low = pn_add_block_avx2(low, pn_load_block_avx2(blocks), four, magnitude);
      high = pn_add_block_avx2(high, pn_load_block_avx2(blocks + HALF_BYTES), four, magnitude);
    }
    pn_store_rows_avx2(acc + strip, low);
    pn_store_rows_avx2(acc + strip + HALF_ROWS, high);
  }
}

void pn_gemv2_sparse_s8_avx2(int32_t *acc0, int32_t *acc1, const int8_t *blocks,
                             const uint16_t *index, const int8_t *x0, const int8_t *x1,
                             int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    __m256i low0 = _mm256_setzero_si256(), high0 = low0, low1 = low0, high1 = low0;
    for (int left = *index++; left > 0; left--, blocks += PN_BLOCK_BYTES) {
      const int column = *index++;
      const __m256i low = pn_load_block_avx2(blocks);
      const __m256i high = pn_load_block_avx2(blocks + HALF_BYTES);
      const __m256i four0 = pn_broadcast4_avx2(x0 + column), magnitude0 = _mm256_abs_epi8(four0);
      const __m256i four1 = pn_broadcast4_avx2(x1 + column), magnitude1 = _mm256_abs_epi8(four1);
      low0 = pn_add_block_avx2(low0, low, four0, magnitude0);
      high0 = pn_add_block_avx2(high0, high, four0, magnitude0);
      low1 = pn_add_block_avx2(low1, low, four1, magnitude1);
      high1 = pn_add_block_avx2(high1, high, four1, magnitude1);
    }
    pn_store_rows_avx2(acc0 + strip, low0);
    pn_store_rows_avx2(acc0 + strip + HALF_ROWS, high0);
    pn_store_rows_avx2(acc1 + strip, low1);
    pn_store_rows_avx2(acc1 + strip + HALF_ROWS, high1);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int16 vector: weights widened to int16, so a block is two registers of four
 * rows; vpmaddwd leaves two partial sums a row, joined at the end. */
#include <immintrin.h>
#include <string.h>

#include "kernels_avx2.h"

#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

static inline __m256i load_half_block(const int8_t *p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
}

/* Four neighbouring inputs, four times. */
static inline __m256i broadcast4(const int16_t *x) {
  int64_t four;
  memcpy(&four, x, sizeof four);
  return _mm256_set1_epi64x(four);
}

void pn_gemv_s8_s16_avx2(int32_t *acc, const int8_t *weights, const int16_t *x, int rows,
                         int columns) {
  for (int row = 0; row < rows; row += PN_STRIP_ROWS) {
    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
    for (int column = 0; column < columns; column += PN_GROUP_COLUMNS, weights += BLOCK_BYTES) {
      const __m256i four = broadcast4(x + column);
      low = _mm256_add_epi32(low, _mm256_madd_epi16(load_half_block(weights), four));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(load_half_block(weights + 16), four));
    }
    /* hadd works per 128-bit half: rows 0 1 4 5 | 2 3 6 7. */
    const __m256i sums = _mm256_hadd_epi32(low, high);
    _mm256_storeu_si256((__m256i *)(void *)(acc + row),
                        _mm256_permute4x64_epi64(sums, _MM_SHUFFLE(3, 1, 2, 0)));
  }
}

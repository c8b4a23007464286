/* SPDX-License-Identifier: Apache-2.0 */
/* What the AVX2 matrix products share: 8 rows x 4 columns are one register, one lane a row.
 * vpmaddubsw wants an unsigned operand: |x| times w with the sign of x is x * w, and a pair stays
 * below 2 * 127 * 127 < 2^15. */
#ifndef PN_GEMV_AVX2_H
#define PN_GEMV_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* Four neighbouring inputs in every lane. */
static inline __m256i pn_broadcast4_avx2(const int8_t *x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

static inline __m256i pn_add_block_avx2(__m256i sum, __m256i weights, __m256i x,
                                        __m256i magnitude) {
  const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(weights, x));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

static inline __m256i pn_load_block_avx2(const int8_t *p) {
  return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline void pn_store_rows_avx2(int32_t *acc, __m256i sum) {
  _mm256_storeu_si256((__m256i *)(void *)acc, sum);
}

#endif

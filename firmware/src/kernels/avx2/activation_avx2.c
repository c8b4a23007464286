/* SPDX-License-Identifier: Apache-2.0 */
#include "activation_tables.h"
#include "arithmetic_avx2.h"
#include "kernels_avx2.h"

/* n is a multiple of 8: the last half register works on 8 values. */
static inline void odd_cubic(int16_t *y_q15, const int16_t *x, int n, const int16_t table[4][16],
                             int16_t centre_q15) {
  const pn_cubic_avx2 cubic = pn_load_cubic_avx2(table);
  const __m256i centre = _mm256_set1_epi16(centre_q15);
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i y = pn_odd_cubic_avx2(&cubic, pn_load256(x + i));
    _mm256_storeu_si256((__m256i *)(void *)(y_q15 + i), _mm256_add_epi16(y, centre));
  }
  if (i < n) {
    const __m128i half = _mm_loadu_si128((const __m128i *)(const void *)(x + i));
    const __m256i y = pn_odd_cubic_avx2(&cubic, _mm256_castsi128_si256(half));
    _mm_storeu_si128((__m128i *)(void *)(y_q15 + i),
                     _mm256_castsi256_si128(_mm256_add_epi16(y, centre)));
  }
}

void pn_tanh_q15_avx2(int16_t *y_q15, const int16_t *x_q12, int n) {
  odd_cubic(y_q15, x_q12, n, pn_tanh_q15, 0);
}

void pn_sigmoid_q15_avx2(int16_t *y_q15, const int16_t *x_q11, int n) {
  odd_cubic(y_q15, x_q11, n, pn_sigmoid_q15, PN_SIGMOID_CENTRE_Q15);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "arithmetic_avx2.h"
#include "kernels_avx2.h"

void pn_requantise_avx2(int16_t *pre, const int32_t *acc, const int32_t *multiplier,
                        const int32_t *bias_q12, int acc_shift, int pre_shift, int n) {
  const __m128i left = _mm_cvtsi32_si128(acc_shift), right = _mm_cvtsi32_si128(pre_shift);
  const __m256i half = _mm256_set1_epi32((1 << pre_shift) >> 1);
  for (int i = 0; i < n; i += 8) {
    const __m256i shifted = _mm256_sll_epi32(pn_load256(acc + i), left);
    const __m256i product = pn_mul_q31_avx2(shifted, pn_load256(multiplier + i));
    const __m256i sum = _mm256_add_epi32(product, pn_load256(bias_q12 + i));
    const __m256i rounded = _mm256_sra_epi32(_mm256_add_epi32(sum, half), right);
    const __m256i packed = pn_pack16_avx2(rounded, rounded);
    _mm_storeu_si128((__m128i *)(void *)(pre + i), _mm256_castsi256_si128(packed));
  }
}

void pn_quantise_x8_avx2(int8_t *x8, const int16_t *x_q15, int n) {
  const __m256i scale = _mm256_set1_epi16(127);
  for (int i = 0; i < n; i += 16) {
    const __m256i scaled = _mm256_mulhrs_epi16(pn_load256(x_q15 + i), scale);
    const __m256i packed =
        _mm256_permute4x64_epi64(_mm256_packs_epi16(scaled, scaled), _MM_SHUFFLE(2, 0, 2, 0));
    _mm_storeu_si128((__m128i *)(void *)(x8 + i), _mm256_castsi256_si128(packed));
  }
}

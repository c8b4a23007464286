/* SPDX-License-Identifier: Apache-2.0 */
#include "activation_tables.h"
#include "arithmetic_avx2.h"
#include "kernels_avx2.h"

#define ACC_SHIFT 3 /* multipliers are Q28 */

/* Sixteen values as two registers of int32. */
typedef struct pair {
  __m256i first, second;
} pair;

static inline pair load_pair(const int32_t *p) {
  const pair loaded = {pn_load256(p), pn_load256(p + 8)};
  return loaded;
}

static inline pair add(pair a, pair b) {
  const pair sum = {_mm256_add_epi32(a.first, b.first), _mm256_add_epi32(a.second, b.second)};
  return sum;
}

static inline pair mul_q31(pair a, pair b) {
  const pair product = {pn_mul_q31_avx2(a.first, b.first), pn_mul_q31_avx2(a.second, b.second)};
  return product;
}

static inline pair requantise(const int32_t *acc, const int32_t *multiplier) {
  pair shifted = load_pair(acc);
  shifted.first = _mm256_slli_epi32(shifted.first, ACC_SHIFT);
  shifted.second = _mm256_slli_epi32(shifted.second, ACC_SHIFT);
  return mul_q31(shifted, load_pair(multiplier));
}

/* 16 int16 as int32 times 2^16. */
static inline pair widen_high(__m256i x) {
  pair wide;
  pn_widen_high_avx2(x, &wide.first, &wide.second);
  return wide;
}

/* A gate of the sum of both sides, which it takes in Q11. */
static inline __m256i gate(const pn_cubic_avx2 *cubic, pair sum_q12) {
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i first = _mm256_srai_epi32(_mm256_add_epi32(sum_q12.first, one), 1);
  const __m256i second = _mm256_srai_epi32(_mm256_add_epi32(sum_q12.second, one), 1);
  return _mm256_add_epi16(pn_odd_cubic_avx2(cubic, pn_pack16_avx2(first, second)),
                          _mm256_set1_epi16(PN_SIGMOID_CENTRE_Q15));
}

/* h = n + z (h - n), stored; returns it in Q15. */
static inline __m256i blend_state(int32_t *h_q24, pair z_q31, __m256i n_q15) {
  const pair h = load_pair(h_q24);
  pair n = widen_high(n_q15), difference;
  n.first = _mm256_srai_epi32(n.first, 7);
  n.second = _mm256_srai_epi32(n.second, 7);
  difference.first = _mm256_sub_epi32(h.first, n.first);
  difference.second = _mm256_sub_epi32(h.second, n.second);
  const pair next = add(n, mul_q31(difference, z_q31));
  _mm256_storeu_si256((__m256i *)(void *)h_q24, next.first);
  _mm256_storeu_si256((__m256i *)(void *)(h_q24 + 8), next.second);
  const __m256i half = _mm256_set1_epi32(1 << 8);
  return pn_pack16_avx2(_mm256_srai_epi32(_mm256_add_epi32(next.first, half), 9),
                        _mm256_srai_epi32(_mm256_add_epi32(next.second, half), 9));
}

static inline void store_x8(int8_t *x8, __m256i h_q15) {
  const __m256i scaled = _mm256_mulhrs_epi16(h_q15, _mm256_set1_epi16(127));
  const __m256i packed =
      _mm256_permute4x64_epi64(_mm256_packs_epi16(scaled, scaled), _MM_SHUFFLE(2, 0, 2, 0));
  _mm_storeu_si128((__m128i *)(void *)x8, _mm256_castsi256_si128(packed));
}

void pn_gru_update_avx2(int32_t *h_q24, int8_t *x8, const int32_t *acc_input,
                        const int32_t *acc_recurrent, const pn_gru_scales *scales, int units) {
  const pn_cubic_avx2 tanh_cubic = pn_load_cubic_avx2(pn_tanh_q15);
  const pn_cubic_avx2 sigmoid_cubic = pn_load_cubic_avx2(pn_sigmoid_q15);
  const __m256i limit_q15 = _mm256_set1_epi16(PN_UPDATE_LIMIT_Q15);
  for (int i = 0; i < units; i += 16) {
    pair sum[3], u[3];
    for (int gate = 0; gate < 3; gate++) {
      const int row = gate * units + i;
      sum[gate] = add(requantise(acc_input + row, scales->input_multiplier + row),
                      load_pair(scales->input_bias_q12 + row));
      u[gate] = requantise(acc_recurrent + row, scales->recurrent_multiplier + row);
    }
    u[2] = add(u[2], load_pair(scales->recurrent_bias_q12 + i));
    const __m256i z_q15 = _mm256_min_epi16(gate(&sigmoid_cubic, add(sum[0], u[0])), limit_q15);
    const __m256i r_q15 = gate(&sigmoid_cubic, add(sum[1], u[1]));
    const pair gated = add(sum[2], mul_q31(u[2], widen_high(r_q15)));
    const __m256i n_q15 = pn_odd_cubic_avx2(&tanh_cubic, pn_pack16_avx2(gated.first, gated.second));
    store_x8(x8 + i, blend_state(h_q24 + i, widen_high(z_q15), n_q15));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed-point operations of fixed_point.h and the activation cubics on AVX2 registers. */
#ifndef PN_ARITHMETIC_AVX2_H
#define PN_ARITHMETIC_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define PN_SIGMOID_CENTRE_Q15 16384

static inline __m256i pn_load256(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

/* Eight a * b in Q31, rounded half up. */
static inline __m256i pn_mul_q31_avx2(__m256i a, __m256i b) {
  const __m256i half = _mm256_set1_epi64x((int64_t)1 << 30);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, b), half);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)), half);
  /* Bits 31..62 of each 64-bit sum: the even ones to the low halves, the odd ones to the high. */
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
}

/* Two registers of int32 to one of int16, saturated, in order. */
static inline __m256i pn_pack16_avx2(__m256i first, __m256i second) {
  return _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), _MM_SHUFFLE(3, 1, 2, 0));
}

/* 16 int16 to two registers of int32, each lane times 2^16. */
static inline void pn_widen_high_avx2(__m256i x, __m256i *first, __m256i *second) {
  const __m256i ordered = _mm256_permute4x64_epi64(x, _MM_SHUFFLE(3, 1, 2, 0));
  *first = _mm256_unpacklo_epi16(_mm256_setzero_si256(), ordered);
  *second = _mm256_unpackhi_epi16(_mm256_setzero_si256(), ordered);
}

/* A table row as two byte tables for vpshufb. */
typedef struct pn_cubic_avx2 {
  __m256i low[4], high[4];
} pn_cubic_avx2;

static inline pn_cubic_avx2 pn_load_cubic_avx2(const int16_t table[4][16]) {
  pn_cubic_avx2 cubic;
  for (int k = 0; k < 4; k++) {
    const __m256i row = pn_load256(table[k]);
    const __m256i low = _mm256_and_si256(row, _mm256_set1_epi16(255));
    const __m256i high = _mm256_srli_epi16(row, 8);
    cubic.low[k] = _mm256_permute4x64_epi64(_mm256_packus_epi16(low, low), _MM_SHUFFLE(2, 0, 2, 0));
    cubic.high[k] =
        _mm256_permute4x64_epi64(_mm256_packus_epi16(high, high), _MM_SHUFFLE(2, 0, 2, 0));
  }
  return cubic;
}

/* 16 values of the odd cubic of pn_odd_cubic_q15. The tables are zero at zero, so that vpsignw,
 * which turns a zero argument into zero, is the sign rule. */
static inline __m256i pn_odd_cubic_avx2(const pn_cubic_avx2 *cubic, __m256i x) {
  const __m256i magnitude = _mm256_max_epi16(x, _mm256_subs_epi16(_mm256_setzero_si256(), x));
  const __m256i segment = _mm256_srli_epi16(magnitude, 11);
  /* Index bytes with the top bit set give zero. */
  const __m256i low_index = _mm256_or_si256(segment, _mm256_set1_epi16((int16_t)0x8000));
  const __m256i high_index =
      _mm256_or_si256(_mm256_slli_epi16(segment, 8), _mm256_set1_epi16(0x0080));
  const __m256i t_q15 =
      _mm256_xor_si256(_mm256_slli_epi16(magnitude, 5), _mm256_set1_epi16((int16_t)0x8000));
  __m256i y = _mm256_setzero_si256();
  for (int k = 3; k >= 0; k--) {
    const __m256i coefficient = _mm256_or_si256(_mm256_shuffle_epi8(cubic->low[k], low_index),
                                                _mm256_shuffle_epi8(cubic->high[k], high_index));
    y = k == 3 ? coefficient : _mm256_add_epi16(coefficient, _mm256_mulhrs_epi16(y, t_q15));
  }
  return _mm256_sign_epi16(y, x);
}

#endif

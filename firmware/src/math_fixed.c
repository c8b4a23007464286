/* SPDX-License-Identifier: Apache-2.0 */
#include "math_fixed.h"

#include "fixed_point.h"
#include "tables.h"

/* Linear interpolation in a table of 65 points over x_q15 in 0..32767. */
static int32_t interpolate_q15(const uint16_t *table, int32_t x_q15) {
  const int32_t cell = x_q15 >> 9;
  const int32_t low = table[cell];
  return low + pn_round_shift32((table[cell + 1] - low) * (x_q15 & 511), 9);
}

int32_t pn_log2_q15(uint64_t x) {
  const int exponent = 63 - pn_clz64(x);
  const uint64_t mantissa = x << (63 - exponent);
  const int32_t fraction_q15 = (int32_t)((mantissa >> 48) & 32767);
  return exponent * 32768 + interpolate_q15(pn_log2_table_q15, fraction_q15);
}

uint32_t pn_isqrt32(uint32_t x) {
  if (x == 0) return 0;
  const int shift = pn_clz32(x) & ~1;
  const uint32_t normalised = x << shift;
  const uint32_t seed = pn_sqrt_seed[(normalised >> 24) - 64];
  /* One Newton step from an 8-bit guess is right to about one unit in 16 bits. */
  uint32_t root = ((seed + normalised / seed) >> 1) >> (shift / 2);
  while (root > 65535 || root * root > x) root--;
  while (root < 65535 && (root + 1) * (root + 1) <= x) root++;
  return root;
}

/* floor(numerator / denominator) in Q28, for a non-zero denominator; UINT64_MAX when beyond 16. */
static uint64_t ratio_q28(uint64_t numerator, uint64_t denominator) {
  const int shift = pn_clz64(numerator | denominator);
  const uint32_t high = (uint32_t)((denominator << shift) >> 32);
  if (high == 0) return UINT64_MAX;
  const uint64_t ratio = ((numerator << shift) >> 4) / high;
  return ratio > UINT32_MAX ? UINT64_MAX : ratio;
}

int32_t pn_sqrt_ratio_q20(uint64_t numerator, uint64_t denominator, int32_t max_q20) {
  if (denominator == 0) return numerator == 0 ? pn_min32(PN_Q20_ONE, max_q20) : max_q20;
  if (numerator == denominator) return pn_min32(PN_Q20_ONE, max_q20);
  const uint64_t ratio = ratio_q28(numerator, denominator);
  /* max_q20 is at most 4, so a ratio of 16 or more is beyond it too. */
  if (ratio == UINT64_MAX) return max_q20;
  if (ratio == 0) return 0;
  /* Root of the ratio in Q40: 16 bits of a normalised root, then one Newton step to 31 bits. */
  const uint32_t shift = (uint32_t)pn_clz32((uint32_t)ratio) & ~1u;
  const uint64_t normalised = ratio << shift;
  const uint64_t root = pn_isqrt32((uint32_t)normalised);
  const uint64_t root_q12 = ((root << 12) + (normalised << 12) / root) >> 1;
  /* normalised = ratio_q28 2^shift, so root_q12 is Q26 scaled by 2^(shift / 2). */
  const uint32_t down = 6 + shift / 2;
  const int32_t result = (int32_t)((root_q12 + ((uint64_t)1 << (down - 1))) >> down);
  return pn_min32(result, max_q20);
}

/* Amplitude with a 16-bit mantissa: sqrt(energy) = mantissa * 2^exponent, mantissa >= 2^15. */
static uint32_t amplitude(uint64_t energy, int *exponent) {
  const int shift = pn_clz64(energy) & ~1;
  *exponent = (32 - shift) / 2;
  return pn_isqrt32((uint32_t)((energy << shift) >> 32));
}

int32_t pn_cosine_q15(int64_t cross, uint64_t energy_a, uint64_t energy_b) {
  int exponent_a, exponent_b;
  if (energy_a == 0 || energy_b == 0) return 0;
  const uint32_t amplitude_a = amplitude(energy_a, &exponent_a);
  const uint32_t amplitude_b = amplitude(energy_b, &exponent_b);
  const int64_t product = (int64_t)((uint64_t)amplitude_a * amplitude_b);
  const int shift = exponent_a + exponent_b - 15;
  /* |cross| <= product * 2^(shift + 15) but for rounding, so neither branch overflows. */
  const int64_t scaled = shift >= 0 ? pn_asr64(cross, shift) : cross * ((int64_t)1 << -shift);
  const int64_t cosine = scaled / product;
  return cosine > 32767 ? 32767 : cosine < -32767 ? -32767 : (int32_t)cosine;
}

uint64_t pn_shift_energy(uint64_t x, int n) {
  if (n <= 0) return x >> (-2 * n);
  return pn_clz64(x) < 2 * n ? UINT64_MAX : x << (2 * n);
}

int32_t pn_sine_quarter_q30(int32_t x_q20) {
  if (x_q20 >= PN_Q20_ONE) return 1 << 30;
  const int32_t x_q31 = pn_shl32(x_q20, 11);
  const int32_t square_q31 = pn_mul_q31(x_q31, x_q31);
  int32_t sum_q30 = pn_sine_polynomial_q30[PN_SINE_TERMS - 1];
  for (int i = PN_SINE_TERMS - 2; i >= 0; i--) {
    sum_q30 = pn_sine_polynomial_q30[i] + pn_mul_q31(sum_q30, square_q31);
  }
  return pn_mul_q31(sum_q30, x_q31);
}

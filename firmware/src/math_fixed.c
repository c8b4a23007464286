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

int32_t pn_sqrt_ratio_q15(uint64_t numerator, uint64_t denominator, int32_t max_q15) {
  if (denominator == 0) return numerator == 0 ? pn_min32(PN_Q15_ONE, max_q15) : max_q15;
  const int shift = pn_clz64(numerator | denominator);
  const uint32_t high = (uint32_t)((denominator << shift) >> 32);
  if (high == 0) return max_q15;
  const uint64_t ratio_q28 = ((numerator << shift) >> 4) / high;
  /* max_q15 is at most 4, so a ratio of 16 or more is beyond it too. */
  if (ratio_q28 > UINT32_MAX) return max_q15;
  /* The root of a Q28 number is Q14: scale small ratios up first to keep their digits. */
  const int extra = pn_min32(pn_clz32((uint32_t)ratio_q28) / 2, 8);
  const uint32_t root = pn_isqrt32((uint32_t)ratio_q28 << (2 * extra));
  const int32_t result = (int32_t)(extra == 0 ? root << 1 : root >> (extra - 1));
  return pn_min32(result, max_q15);
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

int32_t pn_sine_quarter_q15(int32_t x_q15) {
  return x_q15 >= PN_Q15_ONE ? PN_Q15_ONE : interpolate_q15(pn_sine_table_q15, x_q15);
}

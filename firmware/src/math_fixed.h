/* SPDX-License-Identifier: Apache-2.0 */
/* Integer logarithm, square roots and ratios with the accuracy stated at each. */
#ifndef PN_MATH_FIXED_H
#define PN_MATH_FIXED_H

#include <stdint.h>

/* log2(x) in Q15, x >= 1; error below 3 LSB (1e-4). */
int32_t pn_log2_q15(uint64_t x);

/* floor(sqrt(x)), exact. */
uint32_t pn_isqrt32(uint32_t x);

/* sqrt(numerator / denominator) in Q20, at most max_q20 (<= 4.0); exactly 2^20 for equal arguments,
 * error below 2 LSB for roots from 2^-6 up. A zero denominator gives max_q20 unless the numerator
 * is zero too (2^20). */
int32_t pn_sqrt_ratio_q20(uint64_t numerator, uint64_t denominator, int32_t max_q20);

/* cross / sqrt(energy_a * energy_b) in Q15, clamped to +-32767; 0 when an energy is 0.
 * Error below 4 LSB. */
int32_t pn_cosine_q15(int64_t cross, uint64_t energy_a, uint64_t energy_b);

/* x * 2^(2 n) for n in -31..31, saturating at 2^64 - 1. */
uint64_t pn_shift_energy(uint64_t x, int n);

/* sin(pi/2 x) for x_q20 in 0..2^20, Q30, 0..2^30; error below 2^-21, exact at both ends. */
int32_t pn_sine_quarter_q30(int32_t x_q20);

#endif

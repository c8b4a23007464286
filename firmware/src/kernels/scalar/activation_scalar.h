/* SPDX-License-Identifier: Apache-2.0 */
/* Piecewise cubic of the activation functions, for one value. */
#ifndef PN_ACTIVATION_SCALAR_H
#define PN_ACTIVATION_SCALAR_H

#include <stdint.h>

#include "activation_tables.h"
#include "fixed_point.h"

#define PN_SIGMOID_CENTRE_Q15 16384

/* Odd function of an int16 argument from a table [4][16]; the tables keep every intermediate sum
 * inside int16. */
static inline int32_t pn_odd_cubic_q15(const int16_t table[4][16], int32_t x) {
  const int32_t magnitude = pn_min32(pn_abs32(x), 32767);
  const int32_t segment = magnitude >> 11;
  const int32_t t_q15 = ((magnitude & 2047) << 5) - 32768;
  int32_t y = table[3][segment];
  y = table[2][segment] + pn_mul_q15(y, t_q15);
  y = table[1][segment] + pn_mul_q15(y, t_q15);
  y = table[0][segment] + pn_mul_q15(y, t_q15);
  return x < 0 ? -y : y;
}

/* tanh in -32767..32767. */
static inline int32_t pn_tanh_one_q15(int32_t x_q12) {
  return pn_odd_cubic_q15(pn_tanh_q15, x_q12);
}

/* sigmoid in 1..32767. */
static inline int32_t pn_sigmoid_one_q15(int32_t x_q11) {
  return PN_SIGMOID_CENTRE_Q15 + pn_odd_cubic_q15(pn_sigmoid_q15, x_q11);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "activation_tables.h"
#include "arithmetic_neon.h"
#include "kernels_neon.h"

static inline void odd_cubic(int16_t *y_q15, const int16_t *x, int n, const int16_t table[4][16],
                             int16_t centre_q15) {
  const pn_cubic_neon cubic = pn_load_cubic_neon(table);
  const int16x8_t centre = vdupq_n_s16(centre_q15);
  for (int i = 0; i < n; i += 8) {
    const int16x8_t y = pn_odd_cubic_neon(&cubic, vld1q_s16(x + i));
    vst1q_s16(y_q15 + i, vaddq_s16(y, centre));
  }
}

void pn_tanh_q15_neon(int16_t *y_q15, const int16_t *x_q12, int n) {
  odd_cubic(y_q15, x_q12, n, pn_tanh_q15, 0);
}

void pn_sigmoid_q15_neon(int16_t *y_q15, const int16_t *x_q11, int n) {
  odd_cubic(y_q15, x_q11, n, pn_sigmoid_q15, PN_SIGMOID_CENTRE_Q15);
}

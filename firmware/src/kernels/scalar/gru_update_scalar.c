/* SPDX-License-Identifier: Apache-2.0 */
#include "activation_scalar.h"
#include "fixed_point.h"
#include "kernels_scalar.h"

#define ACC_SHIFT 3 /* multipliers are Q28 */

/* Requantised matrix product of one row, Q12, without bias. */
static int32_t row_q12(const int32_t *acc, const int32_t *multiplier, int row) {
  return pn_mul_q31(pn_shl32(acc[row], ACC_SHIFT), multiplier[row]);
}

/* A gate of the sum of both sides, which it takes in Q11. */
static int32_t gate_q15(int32_t sum_q12) {
  return pn_sigmoid_one_q15(pn_sat16(pn_round_shift32(sum_q12, 1)));
}

void pn_gru_update_scalar(int32_t *h_q24, int8_t *x8, const int32_t *acc_input,
                          const int32_t *acc_recurrent, const pn_gru_scales *scales, int units) {
  for (int i = 0; i < units; i++) {
    int32_t sum_q12[3], u_n = 0;
    for (int gate = 0; gate < 3; gate++) {
      const int row = gate * units + i;
      const int32_t u = row_q12(acc_recurrent, scales->recurrent_multiplier, row);
      sum_q12[gate] =
          row_q12(acc_input, scales->input_multiplier, row) + scales->input_bias_q12[row];
      if (gate < 2) {
        sum_q12[gate] += u;
      } else {
        u_n = u + scales->recurrent_bias_q12[i];
      }
    }
    const int32_t z_q15 = pn_min32(gate_q15(sum_q12[0]), PN_UPDATE_LIMIT_Q15);
    const int32_t r_q15 = gate_q15(sum_q12[1]);
    const int32_t gated_q12 = sum_q12[2] + pn_mul_q31(u_n, pn_shl32(r_q15, 16));
    const int32_t n_q24 = pn_tanh_one_q15(pn_sat16(gated_q12)) * 512;
    h_q24[i] = n_q24 + pn_mul_q31(h_q24[i] - n_q24, pn_shl32(z_q15, 16));
    x8[i] = (int8_t)pn_mul_q15(pn_round_shift32(h_q24[i], 9), 127);
  }
}

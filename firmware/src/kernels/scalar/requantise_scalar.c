/* SPDX-License-Identifier: Apache-2.0 */
#include "fixed_point.h"
#include "kernels_scalar.h"

void pn_requantise_scalar(int16_t *pre, const int32_t *acc, const int32_t *multiplier,
                          const int32_t *bias_q12, int acc_shift, int pre_shift, int n) {
  for (int i = 0; i < n; i++) {
    const int32_t product = pn_mul_q31(pn_shl32(acc[i], acc_shift), multiplier[i]);
    const int32_t sum_q12 = product + bias_q12[i];
    pre[i] = (int16_t)pn_sat16(pre_shift > 0 ? pn_round_shift32(sum_q12, pre_shift) : sum_q12);
  }
}

void pn_quantise_x8_scalar(int8_t *x8, const int16_t *x_q15, int n) {
  for (int i = 0; i < n; i++) x8[i] = (int8_t)pn_mul_q15(x_q15[i], 127);
}

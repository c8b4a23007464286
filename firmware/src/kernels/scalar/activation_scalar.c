/* SPDX-License-Identifier: Apache-2.0 */
#include "activation_scalar.h"

#include "kernels_scalar.h"

void pn_tanh_q15_scalar(int16_t *y_q15, const int16_t *x_q12, int n) {
  for (int i = 0; i < n; i++) y_q15[i] = (int16_t)pn_tanh_one_q15(x_q12[i]);
}

void pn_sigmoid_q15_scalar(int16_t *y_q15, const int16_t *x_q11, int n) {
  for (int i = 0; i < n; i++) y_q15[i] = (int16_t)pn_sigmoid_one_q15(x_q11[i]);
}

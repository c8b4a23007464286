/* SPDX-License-Identifier: Apache-2.0 */
#include "network_state.h"

void pn_matrix_times(const pn_network *net, const pn_matrix *matrix, const int8_t *x,
                     int32_t *acc) {
  const int rows = matrix->padded_rows;
  if (matrix->index != NULL) {
    net->kernels->gemv_sparse_s8(acc, matrix->weights, matrix->index, x, rows);
  } else {
    net->kernels->gemv_s8(acc, matrix->weights, x, rows, matrix->padded_columns);
  }
}

static void times_two(const pn_network *net, const pn_matrix *matrix, const int8_t *const *x,
                      int32_t *const *acc) {
  const int rows = matrix->padded_rows;
  if (matrix->index != NULL) {
    net->kernels->gemv2_sparse_s8(acc[0], acc[1], matrix->weights, matrix->index, x[0], x[1], rows);
  } else {
    net->kernels->gemv2_s8(acc[0], acc[1], matrix->weights, x[0], x[1], rows,
                           matrix->padded_columns);
  }
}

void pn_matrix_product(pn_network *net, const pn_matrix *matrix, const int8_t *const *x,
                       int frames) {
  if (frames == 2) {
    times_two(net, matrix, x, net->acc);
  } else {
    pn_matrix_times(net, matrix, x[0], net->acc[0]);
  }
}

#define TANH_PRE_SHIFT 0    /* Q12 */
#define SIGMOID_PRE_SHIFT 1 /* Q11 */

static void requantise(pn_network *net, const pn_matrix *matrix, const int32_t *acc, int acc_shift,
                       int pre_shift) {
  net->kernels->requantise(net->pre, acc, matrix->multiplier, matrix->bias_q12, acc_shift,
                           pre_shift, matrix->padded_rows);
}

void pn_dense_tanh(pn_network *net, const pn_matrix *matrix, const int32_t *acc, int acc_shift,
                   int8_t *x8) {
  requantise(net, matrix, acc, acc_shift, TANH_PRE_SHIFT);
  net->kernels->tanh_q15(net->activated_q15, net->pre, matrix->rows);
  net->kernels->quantise_x8(x8, net->activated_q15, matrix->rows);
}

void pn_dense_sigmoid(pn_network *net, const pn_matrix *matrix, const int32_t *acc) {
  requantise(net, matrix, acc, PN_S8_ACC_SHIFT, SIGMOID_PRE_SHIFT);
  net->kernels->sigmoid_q15(net->activated_q15, net->pre, matrix->padded_rows);
}

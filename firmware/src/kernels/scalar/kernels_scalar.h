/* SPDX-License-Identifier: Apache-2.0 */
/* Portable kernels, the definition of every bit; what each function does: kernels.h. */
#ifndef PN_KERNELS_SCALAR_H
#define PN_KERNELS_SCALAR_H

#include "kernels.h"

void pn_gemv_s8_scalar(int32_t *acc, const int8_t *weights, const int8_t *x, int rows, int columns);
void pn_gemv2_s8_scalar(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                        const int8_t *x1, int rows, int columns);
void pn_gemv_sparse_s8_scalar(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                              const int8_t *x, int rows);
void pn_gemv2_sparse_s8_scalar(int32_t *acc0, int32_t *acc1, const int8_t *blocks,
                               const uint16_t *index, const int8_t *x0, const int8_t *x1,
                               int rows);
void pn_gemv_s8_s16_scalar(int32_t *acc, const int8_t *weights, const int16_t *x, int rows,
                           int columns);
void pn_requantise_scalar(int16_t *pre, const int32_t *acc, const int32_t *multiplier,
                          const int32_t *bias_q12, int acc_shift, int pre_shift, int n);
void pn_tanh_q15_scalar(int16_t *y_q15, const int16_t *x_q12, int n);
void pn_sigmoid_q15_scalar(int16_t *y_q15, const int16_t *x_q11, int n);
void pn_quantise_x8_scalar(int8_t *x8, const int16_t *x_q15, int n);
void pn_gru_update_scalar(int32_t *h_q24, int8_t *x8, const int32_t *acc_input,
                          const int32_t *acc_recurrent, const pn_gru_scales *scales, int units);

extern const pn_kernels pn_kernels_scalar;

#endif

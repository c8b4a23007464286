/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels_scalar.h"

const pn_kernels pn_kernels_scalar = {
    .id = PN_KERNEL_SCALAR,
    .name = "scalar",
    .gemv_s8 = pn_gemv_s8_scalar,
    .gemv2_s8 = pn_gemv2_s8_scalar,
    .gemv_sparse_s8 = pn_gemv_sparse_s8_scalar,
    .gemv2_sparse_s8 = pn_gemv2_sparse_s8_scalar,
    .gemv_s8_s16 = pn_gemv_s8_s16_scalar,
    .requantise = pn_requantise_scalar,
    .tanh_q15 = pn_tanh_q15_scalar,
    .sigmoid_q15 = pn_sigmoid_q15_scalar,
    .quantise_x8 = pn_quantise_x8_scalar,
    .gru_update = pn_gru_update_scalar,
    .fft_480 = pn_fft_480,
};

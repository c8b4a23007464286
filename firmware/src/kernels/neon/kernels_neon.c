/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels_neon.h"

const pn_kernels pn_kernels_neon = {
    .id = PN_KERNEL_NEON,
    .name = "neon",
    .gemv_s8 = pn_gemv_s8_neon,
    .gemv2_s8 = pn_gemv2_s8_neon,
    .gemv_sparse_s8 = pn_gemv_sparse_s8_neon,
    .gemv2_sparse_s8 = pn_gemv2_sparse_s8_neon,
    .gemv_s8_s16 = pn_gemv_s8_s16_neon,
    .requantise = pn_requantise_neon,
    .tanh_q15 = pn_tanh_q15_neon,
    .sigmoid_q15 = pn_sigmoid_q15_neon,
    .quantise_x8 = pn_quantise_x8_neon,
    .gru_update = pn_gru_update_neon,
    .fft_480 = pn_fft_480_neon,
};

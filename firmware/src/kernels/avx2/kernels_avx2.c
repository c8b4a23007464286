/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels_avx2.h"

const pn_kernels pn_kernels_avx2 = {
    .id = PN_KERNEL_AVX2,
    .name = "avx2",
    .gemv_s8 = pn_gemv_s8_avx2,
    .gemv2_s8 = pn_gemv2_s8_avx2,
    .gemv_sparse_s8 = pn_gemv_sparse_s8_avx2,
    .gemv2_sparse_s8 = pn_gemv2_sparse_s8_avx2,
    .gemv_s8_s16 = pn_gemv_s8_s16_avx2,
    .requantise = pn_requantise_avx2,
    .tanh_q15 = pn_tanh_q15_avx2,
    .sigmoid_q15 = pn_sigmoid_q15_avx2,
    .quantise_x8 = pn_quantise_x8_avx2,
    .gru_update = pn_gru_update_avx2,
    .fft_480 = pn_fft_480,
};

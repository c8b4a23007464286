/* SPDX-License-Identifier: Apache-2.0 */
#include <arm_neon.h>

#include "kernels_neon.h"

void pn_requantise_q12_neon(int16_t *pre_q12, const int32_t *acc, const int32_t *multiplier,
                            const int32_t *bias_q12, int acc_shift, int n) {
  const int32x4_t shift = vdupq_n_s32(acc_shift);
  for (int i = 0; i < n; i += 8) {
    const int32x4_t first =
        vqrdmulhq_s32(vshlq_s32(vld1q_s32(acc + i), shift), vld1q_s32(multiplier + i));
    const int32x4_t second =
        vqrdmulhq_s32(vshlq_s32(vld1q_s32(acc + i + 4), shift), vld1q_s32(multiplier + i + 4));
    const int16x4_t low = vqmovn_s32(vaddq_s32(first, vld1q_s32(bias_q12 + i)));
    const int16x4_t high = vqmovn_s32(vaddq_s32(second, vld1q_s32(bias_q12 + i + 4)));
    vst1q_s16(pre_q12 + i, vcombine_s16(low, high));
  }
}

void pn_quantise_x8_neon(int8_t *x8, const int16_t *x_q15, int n) {
  for (int i = 0; i < n; i += 16) {
    const int8x8_t low = vmovn_s16(vqrdmulhq_n_s16(vld1q_s16(x_q15 + i), 127));
    const int8x8_t high = vmovn_s16(vqrdmulhq_n_s16(vld1q_s16(x_q15 + i + 8), 127));
    vst1q_s8(x8 + i, vcombine_s8(low, high));
  }
}

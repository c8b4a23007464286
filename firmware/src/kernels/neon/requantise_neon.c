/* SPDX-License-Identifier: Apache-2.0 */
#include <arm_neon.h>

#include "kernels_neon.h"

/* Four values, saturated. right: minus the final shift, in every lane. */
static inline int16x4_t requantise4(const int32_t *acc, const int32_t *multiplier,
                                    const int32_t *bias_q12, int32x4_t left, int32x4_t right) {
  const int32x4_t product = vqrdmulhq_s32(vshlq_s32(vld1q_s32(acc), left), vld1q_s32(multiplier));
  return vqmovn_s32(vrshlq_s32(vaddq_s32(product, vld1q_s32(bias_q12)), right));
}

void pn_requantise_neon(int16_t *pre, const int32_t *acc, const int32_t *multiplier,
                        const int32_t *bias_q12, int acc_shift, int pre_shift, int n) {
  const int32x4_t left = vdupq_n_s32(acc_shift), right = vdupq_n_s32(-pre_shift);
  for (int i = 0; i < n; i += 8) {
    const int16x4_t low = requantise4(acc + i, multiplier + i, bias_q12 + i, left, right);
    const int16x4_t high =
        requantise4(acc + i + 4, multiplier + i + 4, bias_q12 + i + 4, left, right);
    vst1q_s16(pre + i, vcombine_s16(low, high));
  }
}

void pn_quantise_x8_neon(int8_t *x8, const int16_t *x_q15, int n) {
  for (int i = 0; i < n; i += 16) {
    const int8x8_t low = vmovn_s16(vqrdmulhq_n_s16(vld1q_s16(x_q15 + i), 127));
    const int8x8_t high = vmovn_s16(vqrdmulhq_n_s16(vld1q_s16(x_q15 + i + 8), 127));
    vst1q_s8(x8 + i, vcombine_s8(low, high));
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int16 vector: weights widened to int16, one sum register a row with a partial
 * sum for each column of the group, joined at the end. */
#include <arm_neon.h>

#include "kernels_neon.h"

#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

static inline int32x4_t join4(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d) {
#if defined(__aarch64__)
  return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
#else
  const int32x2_t pa = vpadd_s32(vget_low_s32(a), vget_high_s32(a));
  const int32x2_t pb = vpadd_s32(vget_low_s32(b), vget_high_s32(b));
  const int32x2_t pc = vpadd_s32(vget_low_s32(c), vget_high_s32(c));
  const int32x2_t pd = vpadd_s32(vget_low_s32(d), vget_high_s32(d));
  return vcombine_s32(vpadd_s32(pa, pb), vpadd_s32(pc, pd));
#endif
}

void pn_gemv_s8_s16_neon(int32_t *acc, const int8_t *weights, const int16_t *x, int rows,
                         int columns) {
  for (int row = 0; row < rows; row += PN_STRIP_ROWS) {
    int32x4_t sum[PN_STRIP_ROWS];
    for (int i = 0; i < PN_STRIP_ROWS; i++) sum[i] = vdupq_n_s32(0);
    for (int column = 0; column < columns; column += PN_GROUP_COLUMNS, weights += BLOCK_BYTES) {
      const int16x4_t inputs = vld1_s16(x + column);
      for (int i = 0; i < PN_STRIP_ROWS; i += 4) {
        const int8x16_t four = vld1q_s8(weights + i * PN_GROUP_COLUMNS);
        const int16x8_t first = vmovl_s8(vget_low_s8(four));
        const int16x8_t second = vmovl_s8(vget_high_s8(four));
        sum[i] = vmlal_s16(sum[i], vget_low_s16(first), inputs);
        sum[i + 1] = vmlal_s16(sum[i + 1], vget_high_s16(first), inputs);
        sum[i + 2] = vmlal_s16(sum[i + 2], vget_low_s16(second), inputs);
        sum[i + 3] = vmlal_s16(sum[i + 3], vget_high_s16(second), inputs);
      }
    }
    vst1q_s32(acc + row, join4(sum[0], sum[1], sum[2], sum[3]));
    vst1q_s32(acc + row + 4, join4(sum[4], sum[5], sum[6], sum[7]));
  }
}

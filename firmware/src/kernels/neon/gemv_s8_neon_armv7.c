/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector for ARMv7: the scheme of gemv_s8_neon_aarch64.c with half the
 * registers, so two strips at a time, or one for two frames. */
#include "kernels_neon.h"

#if defined(__arm__)

#include <arm_neon.h>
#include <string.h>

#define STRIPS 2 /* walked together: 8 of the 16 registers are sums */
#define STEP_COLUMNS 8
#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

typedef struct strip_sum {
  int32x4_t rows01, rows23, rows45, rows67;
} strip_sum;

static inline strip_sum zero_sum(void) {
  const int32x4_t zero = vdupq_n_s32(0);
  const strip_sum sum = {zero, zero, zero, zero};
  return sum;
}

static inline int32x2_t join_pairs(int32x4_t sum) {
  return vpadd_s32(vget_low_s32(sum), vget_high_s32(sum));
}

static inline void store_rows(int32_t *acc, strip_sum sum) {
  vst1q_s32(acc, vcombine_s32(join_pairs(sum.rows01), join_pairs(sum.rows23)));
  vst1q_s32(acc + 4, vcombine_s32(join_pairs(sum.rows45), join_pairs(sum.rows67)));
}

/* Four neighbouring inputs, twice. */
static inline int8x8_t broadcast4(const int8_t *x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return vreinterpret_s8_s32(vdup_n_s32(four));
}

/* Two rows: four columns of group a and four of group b. */
static inline int32x4_t add_rows(int32x4_t sum, int8x8_t wa, int8x8_t xa, int8x8_t wb,
                                 int8x8_t xb) {
  return vpadalq_s16(sum, vmlal_s8(vmull_s8(wa, xa), wb, xb));
}

static inline strip_sum add_blocks(strip_sum sum, const int8_t *w, int8x8_t xa, int8x8_t xb) {
  const int8x16_t a0 = vld1q_s8(w), a1 = vld1q_s8(w + 16);
  const int8x16_t b0 = vld1q_s8(w + 32), b1 = vld1q_s8(w + 48);
  sum.rows01 = add_rows(sum.rows01, vget_low_s8(a0), xa, vget_low_s8(b0), xb);
  sum.rows23 = add_rows(sum.rows23, vget_high_s8(a0), xa, vget_high_s8(b0), xb);
  sum.rows45 = add_rows(sum.rows45, vget_low_s8(a1), xa, vget_low_s8(b1), xb);
  sum.rows67 = add_rows(sum.rows67, vget_high_s8(a1), xa, vget_high_s8(b1), xb);
  return sum;
}

static inline void pn_gemv_strips(int32_t *acc, const int8_t *weights, const int8_t *x,
                                  int columns, int strips) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  strip_sum sum[STRIPS];
  for (int s = 0; s < strips; s++) sum[s] = zero_sum();
  for (int column = 0; column < columns; column += STEP_COLUMNS, weights += 2 * BLOCK_BYTES) {
    const int8x8_t xa = broadcast4(x + column);
    const int8x8_t xb = broadcast4(x + column + PN_GROUP_COLUMNS);
    for (int s = 0; s < strips; s++) sum[s] = add_blocks(sum[s], weights + s * stride, xa, xb);
  }
  for (int s = 0; s < strips; s++) store_rows(acc + s * PN_STRIP_ROWS, sum[s]);
}

void pn_gemv_s8_neon(int32_t *acc, const int8_t *weights, const int8_t *x, int rows, int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv_strips(acc + row, weights + (ptrdiff_t)row * columns, x, columns, STRIPS);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_strips(acc + row, weights + (ptrdiff_t)row * columns, x, columns, 1);
  }
}

void pn_gemv2_s8_neon(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                      const int8_t *x1, int rows, int columns) {
  for (int row = 0; row < rows; row += PN_STRIP_ROWS) {
    strip_sum sum0 = zero_sum(), sum1 = zero_sum();
    for (int column = 0; column < columns; column += STEP_COLUMNS, weights += 2 * BLOCK_BYTES) {
      sum0 = add_blocks(sum0, weights, broadcast4(x0 + column),
                        broadcast4(x0 + column + PN_GROUP_COLUMNS));
      sum1 = add_blocks(sum1, weights, broadcast4(x1 + column),
                        broadcast4(x1 + column + PN_GROUP_COLUMNS));
    }
    store_rows(acc0 + row, sum0);
    store_rows(acc1 + row, sum1);
  }
}

#endif

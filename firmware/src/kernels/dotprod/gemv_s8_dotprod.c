/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector with SDOT: each lane is one row and takes four columns at a time.
 * 16 columns of a strip are eight registers; 32 rows give the eight independent sums that hide
 * the latency of SDOT. */
#include <arm_neon.h>

#include "kernels_dotprod.h"

#define STRIPS 4 /* walked together */
#define STEP_COLUMNS 16
#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

/* Sums of the eight rows of one strip. */
typedef struct strip_sum {
  int32x4_t low, high;
} strip_sum;

static inline strip_sum zero_sum(void) {
  const strip_sum zero = {vdupq_n_s32(0), vdupq_n_s32(0)};
  return zero;
}

static inline void store_rows(int32_t *acc, strip_sum sum) {
  vst1q_s32(acc, sum.low);
  vst1q_s32(acc + 4, sum.high);
}

/* Two blocks against the first two lanes of x, two more against the others. */
static inline strip_sum add_first_pair(strip_sum sum, int8x16x4_t w, int8x16_t x) {
  sum.low = vdotq_laneq_s32(sum.low, w.val[0], x, 0);
  sum.high = vdotq_laneq_s32(sum.high, w.val[1], x, 0);
  sum.low = vdotq_laneq_s32(sum.low, w.val[2], x, 1);
  sum.high = vdotq_laneq_s32(sum.high, w.val[3], x, 1);
  return sum;
}

static inline strip_sum add_second_pair(strip_sum sum, int8x16x4_t w, int8x16_t x) {
  sum.low = vdotq_laneq_s32(sum.low, w.val[0], x, 2);
  sum.high = vdotq_laneq_s32(sum.high, w.val[1], x, 2);
  sum.low = vdotq_laneq_s32(sum.low, w.val[2], x, 3);
  sum.high = vdotq_laneq_s32(sum.high, w.val[3], x, 3);
  return sum;
}

static inline void pn_gemv_strips(int32_t *acc, const int8_t *weights, const int8_t *x,
                                  int columns, int strips) {
  const int8_t *strip[STRIPS];
  strip_sum sum[STRIPS];
  for (int s = 0; s < strips; s++) {
    strip[s] = weights + (ptrdiff_t)s * PN_STRIP_ROWS * columns;
    sum[s] = zero_sum();
  }
  for (int column = 0; column < columns; column += STEP_COLUMNS) {
    const int8x16_t inputs = vld1q_s8(x + column);
    for (int s = 0; s < strips; s++) {
      sum[s] = add_first_pair(sum[s], vld1q_s8_x4(strip[s]), inputs);
      sum[s] = add_second_pair(sum[s], vld1q_s8_x4(strip[s] + 2 * BLOCK_BYTES), inputs);
      strip[s] += 4 * BLOCK_BYTES;
    }
  }
  for (int s = 0; s < strips; s++) store_rows(acc + s * PN_STRIP_ROWS, sum[s]);
}

static inline void pn_gemv2_strips(int32_t *acc0, int32_t *acc1, const int8_t *weights,
                                   const int8_t *x0, const int8_t *x1, int columns, int strips) {
  const int8_t *strip[STRIPS];
  strip_sum sum0[STRIPS], sum1[STRIPS];
  for (int s = 0; s < strips; s++) {
    strip[s] = weights + (ptrdiff_t)s * PN_STRIP_ROWS * columns;
    sum0[s] = sum1[s] = zero_sum();
  }
  for (int column = 0; column < columns; column += STEP_COLUMNS) {
    const int8x16_t inputs0 = vld1q_s8(x0 + column), inputs1 = vld1q_s8(x1 + column);
    for (int s = 0; s < strips; s++) {
      const int8x16x4_t first = vld1q_s8_x4(strip[s]);
      sum0[s] = add_first_pair(sum0[s], first, inputs0);
      sum1[s] = add_first_pair(sum1[s], first, inputs1);
      const int8x16x4_t second = vld1q_s8_x4(strip[s] + 2 * BLOCK_BYTES);
      sum0[s] = add_second_pair(sum0[s], second, inputs0);
      sum1[s] = add_second_pair(sum1[s], second, inputs1);
      strip[s] += 4 * BLOCK_BYTES;
    }
  }
  for (int s = 0; s < strips; s++) {
    store_rows(acc0 + s * PN_STRIP_ROWS, sum0[s]);
    store_rows(acc1 + s * PN_STRIP_ROWS, sum1[s]);
  }
}
void pn_gemv_s8_dotprod(int32_t *acc, const int8_t *weights, const int8_t *x, int rows,
                           int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv_strips(acc + row, weights + (ptrdiff_t)row * columns, x, columns, STRIPS);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_strips(acc + row, weights + (ptrdiff_t)row * columns, x, columns, 1);
  }
}

void pn_gemv2_s8_dotprod(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                            const int8_t *x1, int rows, int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv2_strips(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns,
                    STRIPS);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv2_strips(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns,
                    1);
  }
}

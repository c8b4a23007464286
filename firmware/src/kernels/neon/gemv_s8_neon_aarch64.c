/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector for ARMv8.0, which has no dot product: SMULL and SMLAL of two
 * column groups fill int16 lanes, 2 * 127 * 127 < 2^15, and SADALP adds lane pairs to int32.
 * A sum register holds two rows, two partial sums each. */
#include "kernels_neon.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#define STRIPS 4 /* walked together: 16 sum registers */
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

static inline void store_rows(int32_t *acc, strip_sum sum) {
  vst1q_s32(acc, vpaddq_s32(sum.rows01, sum.rows23));
  vst1q_s32(acc + 4, vpaddq_s32(sum.rows45, sum.rows67));
}

/* Four neighbouring inputs, four times. */
static inline int8x16_t broadcast4(const int8_t *x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

static inline int32x4_t add_low(int32x4_t sum, int8x16_t wa, int8x16_t xa, int8x16_t wb,
                                int8x16_t xb) {
  const int16x8_t product = vmull_s8(vget_low_s8(wa), vget_low_s8(xa));
  return vpadalq_s16(sum, vmlal_s8(product, vget_low_s8(wb), vget_low_s8(xb)));
}

static inline int32x4_t add_high(int32x4_t sum, int8x16_t wa, int8x16_t xa, int8x16_t wb,
                                 int8x16_t xb) {
  return vpadalq_s16(sum, vmlal_high_s8(vmull_high_s8(wa, xa), wb, xb));
}

/* w: two blocks; xa and xb their inputs. */
static inline strip_sum add_blocks(strip_sum sum, int8x16x4_t w, int8x16_t xa, int8x16_t xb) {
  sum.rows01 = add_low(sum.rows01, w.val[0], xa, w.val[2], xb);
  sum.rows23 = add_high(sum.rows23, w.val[0], xa, w.val[2], xb);
  sum.rows45 = add_low(sum.rows45, w.val[1], xa, w.val[3], xb);
  sum.rows67 = add_high(sum.rows67, w.val[1], xa, w.val[3], xb);
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
    const int8x16_t xa = broadcast4(x + column);
    const int8x16_t xb = broadcast4(x + column + PN_GROUP_COLUMNS);
    for (int s = 0; s < strips; s++) {
      sum[s] = add_blocks(sum[s], vld1q_s8_x4(strip[s]), xa, xb);
      strip[s] += 2 * BLOCK_BYTES;
    }
  }
  for (int s = 0; s < strips; s++) store_rows(acc + s * PN_STRIP_ROWS, sum[s]);
}

/* Half the rows of pn_gemv_strips, so that the sums of both frames fit the registers. */
#define PAIR_STRIPS 2

static inline void pn_gemv2_strips(int32_t *acc0, int32_t *acc1, const int8_t *weights,
                                   const int8_t *x0, const int8_t *x1, int columns, int strips) {
  const int8_t *strip[PAIR_STRIPS];
  strip_sum sum0[PAIR_STRIPS], sum1[PAIR_STRIPS];
  for (int s = 0; s < strips; s++) {
    strip[s] = weights + (ptrdiff_t)s * PN_STRIP_ROWS * columns;
    sum0[s] = sum1[s] = zero_sum();
  }
  for (int column = 0; column < columns; column += STEP_COLUMNS) {
    const int8x16_t xa0 = broadcast4(x0 + column), xa1 = broadcast4(x1 + column);
    const int8x16_t xb0 = broadcast4(x0 + column + PN_GROUP_COLUMNS);
    const int8x16_t xb1 = broadcast4(x1 + column + PN_GROUP_COLUMNS);
    for (int s = 0; s < strips; s++) {
      const int8x16x4_t blocks = vld1q_s8_x4(strip[s]);
      sum0[s] = add_blocks(sum0[s], blocks, xa0, xb0);
      sum1[s] = add_blocks(sum1[s], blocks, xa1, xb1);
      strip[s] += 2 * BLOCK_BYTES;
    }
  }
  for (int s = 0; s < strips; s++) {
    store_rows(acc0 + s * PN_STRIP_ROWS, sum0[s]);
    store_rows(acc1 + s * PN_STRIP_ROWS, sum1[s]);
  }
}

void pn_gemv_s8_neon(int32_t *acc, const int8_t *weights, const int8_t *x, int rows,
                           int columns) {
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
  int row = 0;
  for (; row + PAIR_STRIPS * PN_STRIP_ROWS <= rows; row += PAIR_STRIPS * PN_STRIP_ROWS) {
    pn_gemv2_strips(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns,
                    PAIR_STRIPS);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv2_strips(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns,
                    1);
  }
}

#endif

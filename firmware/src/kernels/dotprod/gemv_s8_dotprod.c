/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector with SDOT: each lane is one row and takes four columns at a time.
 * 16 columns of a strip are eight registers; 32 rows give the eight independent sums that hide
 * the latency of SDOT. The loops are assembly because compilers spill the four-register loads. */
#include <arm_neon.h>

#include "kernels_dotprod.h"

#define STRIPS 4 /* walked together */
#define STEP_COLUMNS 16
#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

/* The next two column groups of one strip; p names its pointer. */
#define LOAD(p, w0, w1, w2, w3) \
  "ld1 {" #w0 ".16b, " #w1 ".16b, " #w2 ".16b, " #w3 ".16b}, [%[" #p "]], #64\n"

/* sum + block * lane of the inputs */
#define SDOT(sum, w, x, lane) "sdot " #sum ".4s, " #w ".16b, " #x ".4b[" #lane "]\n"

/* One strip's sums (low: rows 0..3, high: rows 4..7) take two column groups. */
#define ADD_GROUPS(low, high, w0, w1, w2, w3, x, lane0, lane1) \
  SDOT(low, w0, x, lane0)                                      \
  SDOT(high, w1, x, lane0)                                     \
  SDOT(low, w2, x, lane1)                                      \
  SDOT(high, w3, x, lane1)

#define SUM_REGISTERS_8 "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7"
#define SUM_REGISTERS_16 SUM_REGISTERS_8, "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15"
#define WEIGHT_REGISTERS \
  "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"

#define ZERO(v) "movi " #v ".4s, #0\n"
#define ZERO_8(a, b, c, d, e, f, g, h) \
  ZERO(a) ZERO(b) ZERO(c) ZERO(d) ZERO(e) ZERO(f) ZERO(g) ZERO(h)

/* Four sum registers to 16 rows. */
#define STORE(pointer, a, b, c, d) \
  "st1 {" #a ".4s, " #b ".4s, " #c ".4s, " #d ".4s}, [%[" #pointer "]], #64\n"

static inline void pn_gemv_32_rows(int32_t *acc, const int8_t *weights, const int8_t *x,
                                   int columns) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  const int8_t *a = weights, *b = a + stride, *c = b + stride, *d = c + stride;
  int steps = columns / STEP_COLUMNS;
  __asm__ volatile(
      ZERO_8(v0, v1, v2, v3, v4, v5, v6, v7)
      "1:\n"
      "ldr q16, [%[x]], #16\n"
      LOAD(a, v20, v21, v22, v23)
      LOAD(b, v24, v25, v26, v27)
      LOAD(a, v28, v29, v30, v31)
      ADD_GROUPS(v0, v1, v20, v21, v22, v23, v16, 0, 1)
      LOAD(b, v20, v21, v22, v23)
      ADD_GROUPS(v2, v3, v24, v25, v26, v27, v16, 0, 1)
      LOAD(c, v24, v25, v26, v27)
      ADD_GROUPS(v0, v1, v28, v29, v30, v31, v16, 2, 3)
      LOAD(d, v28, v29, v30, v31)
      ADD_GROUPS(v2, v3, v20, v21, v22, v23, v16, 2, 3)
      LOAD(c, v20, v21, v22, v23)
      ADD_GROUPS(v4, v5, v24, v25, v26, v27, v16, 0, 1)
      LOAD(d, v24, v25, v26, v27)
      ADD_GROUPS(v6, v7, v28, v29, v30, v31, v16, 0, 1)
      ADD_GROUPS(v4, v5, v20, v21, v22, v23, v16, 2, 3)
      "subs %w[steps], %w[steps], #1\n"
      ADD_GROUPS(v6, v7, v24, v25, v26, v27, v16, 2, 3)
      "b.ne 1b\n"
      STORE(acc, v0, v1, v2, v3)
      STORE(acc, v4, v5, v6, v7)
      : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [x] "+r"(x), [acc] "+r"(acc),
        [steps] "+r"(steps)
      :
      : "memory", "cc", SUM_REGISTERS_8, "v16", WEIGHT_REGISTERS);
}

/* Both frames use each loaded register. */
#define ADD_GROUPS_2(low0, high0, low1, high1, w0, w1, w2, w3, lane0, lane1) \
  ADD_GROUPS(low0, high0, w0, w1, w2, w3, v16, lane0, lane1)                 \
  ADD_GROUPS(low1, high1, w0, w1, w2, w3, v17, lane0, lane1)

static inline void pn_gemv2_32_rows(int32_t *acc0, int32_t *acc1, const int8_t *weights,
                                    const int8_t *x0, const int8_t *x1, int columns) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  const int8_t *a = weights, *b = a + stride, *c = b + stride, *d = c + stride;
  int steps = columns / STEP_COLUMNS;
  __asm__ volatile(
      ZERO_8(v0, v1, v2, v3, v4, v5, v6, v7)
      ZERO_8(v8, v9, v10, v11, v12, v13, v14, v15)
      "1:\n"
      "ldr q16, [%[x0]], #16\n"
      "ldr q17, [%[x1]], #16\n"
      LOAD(a, v20, v21, v22, v23)
      LOAD(b, v24, v25, v26, v27)
      LOAD(a, v28, v29, v30, v31)
      ADD_GROUPS_2(v0, v1, v8, v9, v20, v21, v22, v23, 0, 1)
      LOAD(b, v20, v21, v22, v23)
      ADD_GROUPS_2(v2, v3, v10, v11, v24, v25, v26, v27, 0, 1)
      LOAD(c, v24, v25, v26, v27)
      ADD_GROUPS_2(v0, v1, v8, v9, v28, v29, v30, v31, 2, 3)
      LOAD(d, v28, v29, v30, v31)
      ADD_GROUPS_2(v2, v3, v10, v11, v20, v21, v22, v23, 2, 3)
      LOAD(c, v20, v21, v22, v23)
      ADD_GROUPS_2(v4, v5, v12, v13, v24, v25, v26, v27, 0, 1)
      LOAD(d, v24, v25, v26, v27)
      ADD_GROUPS_2(v6, v7, v14, v15, v28, v29, v30, v31, 0, 1)
      ADD_GROUPS_2(v4, v5, v12, v13, v20, v21, v22, v23, 2, 3)
      "subs %w[steps], %w[steps], #1\n"
      ADD_GROUPS_2(v6, v7, v14, v15, v24, v25, v26, v27, 2, 3)
      "b.ne 1b\n"
      STORE(acc0, v0, v1, v2, v3)
      STORE(acc0, v4, v5, v6, v7)
      STORE(acc1, v8, v9, v10, v11)
      STORE(acc1, v12, v13, v14, v15)
      : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [x0] "+r"(x0), [x1] "+r"(x1),
        [acc0] "+r"(acc0), [acc1] "+r"(acc1), [steps] "+r"(steps)
      :
      : "memory", "cc", SUM_REGISTERS_16, "v16", "v17", WEIGHT_REGISTERS);
}

/* The last rows of a matrix whose height is not a multiple of 32. */
static inline void pn_gemv_8_rows(int32_t *acc, const int8_t *weights, const int8_t *x,
                                  int columns) {
  int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);
  for (int column = 0; column < columns; column += STEP_COLUMNS, weights += 4 * BLOCK_BYTES) {
    const int8x16_t inputs = vld1q_s8(x + column);
    low = vdotq_laneq_s32(low, vld1q_s8(weights), inputs, 0);
    high = vdotq_laneq_s32(high, vld1q_s8(weights + 16), inputs, 0);
    low = vdotq_laneq_s32(low, vld1q_s8(weights + 32), inputs, 1);
    high = vdotq_laneq_s32(high, vld1q_s8(weights + 48), inputs, 1);
    low = vdotq_laneq_s32(low, vld1q_s8(weights + 64), inputs, 2);
    high = vdotq_laneq_s32(high, vld1q_s8(weights + 80), inputs, 2);
    low = vdotq_laneq_s32(low, vld1q_s8(weights + 96), inputs, 3);
    high = vdotq_laneq_s32(high, vld1q_s8(weights + 112), inputs, 3);
  }
  vst1q_s32(acc, low);
  vst1q_s32(acc + 4, high);
}

void pn_gemv_s8_dotprod(int32_t *acc, const int8_t *weights, const int8_t *x, int rows,
                        int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv_32_rows(acc + row, weights + (ptrdiff_t)row * columns, x, columns);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_8_rows(acc + row, weights + (ptrdiff_t)row * columns, x, columns);
  }
}

void pn_gemv2_s8_dotprod(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                         const int8_t *x1, int rows, int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv2_32_rows(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_8_rows(acc0 + row, weights + (ptrdiff_t)row * columns, x0, columns);
    pn_gemv_8_rows(acc1 + row, weights + (ptrdiff_t)row * columns, x1, columns);
  }
}

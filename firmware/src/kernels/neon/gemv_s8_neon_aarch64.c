/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector for ARMv8.0, which has no dot product: SMULL and SMLAL of two
 * column groups fill int16 lanes, 2 * 127 * 127 < 2^15, and SADALP adds lane pairs to int32.
 * A sum register holds two rows, two partial sums each; 32 rows fill 16 of them. The loops are
 * assembly because compilers turn SMULL2 of repeated inputs into EXT and SMULL, and spill. */
#include "kernels_neon.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "gemv_neon_aarch64.h"

#define STRIPS 4      /* walked together */
#define PAIR_STRIPS 2 /* the same for two frames, whose sums need twice the registers */
#define STEP_COLUMNS 16
#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

/* Four neighbouring inputs, four times, for the two column groups of a half step. */
#define INPUTS(x, xa, xb)                 \
  "ld1r {" #xa ".4s}, [%[" #x "]], #4\n"  \
  "ld1r {" #xb ".4s}, [%[" #x "]], #4\n"

/* The next two column groups of one strip into the registers A (v18..v21) or B (v28..v31). Two
 * sets, so that in-order cores load one strip while they multiply another. */
#define LOAD_A(p) "ld1 {v18.16b, v19.16b, v20.16b, v21.16b}, [%[" #p "]], #64\n"
#define LOAD_B(p) "ld1 {v28.16b, v29.16b, v30.16b, v31.16b}, [%[" #p "]], #64\n"

/* One strip's sums take the two column groups in A or in B. */
#define ADD_A(rows01, rows23, rows45, rows67, xa, xb) \
  ADD_GROUPS(rows01, rows23, rows45, rows67, v18, v19, v20, v21, xa, xb)
#define ADD_B(rows01, rows23, rows45, rows67, xa, xb) \
  ADD_GROUPS(rows01, rows23, rows45, rows67, v28, v29, v30, v31, xa, xb)

/* All four strips through one half step of 8 columns. */
#define HALF_STEP(xa, xb)         \
  LOAD_A(a)                       \
  INPUTS(x, xa, xb)               \
  LOAD_B(b)                       \
  ADD_A(v0, v1, v2, v3, xa, xb)   \
  LOAD_A(c)                       \
  ADD_B(v4, v5, v6, v7, xa, xb)   \
  LOAD_B(d)                       \
  ADD_A(v8, v9, v10, v11, xa, xb) \
  ADD_B(v12, v13, v14, v15, xa, xb)

static inline void pn_gemv_32_rows(int32_t *acc, const int8_t *weights, const int8_t *x,
                                   int columns) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  const int8_t *a = weights, *b = a + stride, *c = b + stride, *d = c + stride;
  int steps = columns / STEP_COLUMNS;
  __asm__ volatile(
      ZERO_4(v0, v1, v2, v3) ZERO_4(v4, v5, v6, v7)
      ZERO_4(v8, v9, v10, v11) ZERO_4(v12, v13, v14, v15)
      "1:\n"
      "subs %w[steps], %w[steps], #1\n"
      HALF_STEP(v16, v17)
      HALF_STEP(v22, v23)
      "b.ne 1b\n"
      STORE(acc, v0, v1, v2, v3)
      STORE(acc, v4, v5, v6, v7)
      STORE(acc, v8, v9, v10, v11)
      STORE(acc, v12, v13, v14, v15)
      : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [x] "+r"(x), [acc] "+r"(acc),
        [steps] "+r"(steps)
      :
      : CLOBBERED);
}

/* Both strips and both frames through one half step of 8 columns. */
#define HALF_STEP_2                 \
  LOAD_A(a)                         \
  INPUTS(x0, v16, v17)              \
  INPUTS(x1, v22, v23)              \
  LOAD_B(b)                         \
  ADD_A(v0, v1, v2, v3, v16, v17)   \
  ADD_A(v8, v9, v10, v11, v22, v23) \
  ADD_B(v4, v5, v6, v7, v16, v17)   \
  ADD_B(v12, v13, v14, v15, v22, v23)

static inline void pn_gemv2_16_rows(int32_t *acc0, int32_t *acc1, const int8_t *weights,
                                    const int8_t *x0, const int8_t *x1, int columns) {
  const int8_t *a = weights, *b = a + (ptrdiff_t)PN_STRIP_ROWS * columns;
  int steps = columns / STEP_COLUMNS;
  __asm__ volatile(
      ZERO_4(v0, v1, v2, v3) ZERO_4(v4, v5, v6, v7)
      ZERO_4(v8, v9, v10, v11) ZERO_4(v12, v13, v14, v15)
      "1:\n"
      "subs %w[steps], %w[steps], #1\n"
      HALF_STEP_2
      HALF_STEP_2
      "b.ne 1b\n"
      STORE(acc0, v0, v1, v2, v3)
      STORE(acc0, v4, v5, v6, v7)
      STORE(acc1, v8, v9, v10, v11)
      STORE(acc1, v12, v13, v14, v15)
      : [a] "+r"(a), [b] "+r"(b), [x0] "+r"(x0), [x1] "+r"(x1), [acc0] "+r"(acc0),
        [acc1] "+r"(acc1), [steps] "+r"(steps)
      :
      : CLOBBERED);
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

/* The last rows of a matrix whose height is not a multiple of 32 (or 16 for two frames). */
static inline void pn_gemv_8_rows(int32_t *acc, const int8_t *weights, const int8_t *x,
                                  int columns) {
  int32x4_t rows01 = vdupq_n_s32(0), rows23 = rows01, rows45 = rows01, rows67 = rows01;
  for (int column = 0; column < columns; column += 2 * PN_GROUP_COLUMNS) {
    const int8x8_t xa = broadcast4(x + column);
    const int8x8_t xb = broadcast4(x + column + PN_GROUP_COLUMNS);
    rows01 = add_rows(rows01, vld1_s8(weights), xa, vld1_s8(weights + 32), xb);
    rows23 = add_rows(rows23, vld1_s8(weights + 8), xa, vld1_s8(weights + 40), xb);
    rows45 = add_rows(rows45, vld1_s8(weights + 16), xa, vld1_s8(weights + 48), xb);
    rows67 = add_rows(rows67, vld1_s8(weights + 24), xa, vld1_s8(weights + 56), xb);
    weights += 2 * BLOCK_BYTES;
  }
  vst1q_s32(acc, vpaddq_s32(rows01, rows23));
  vst1q_s32(acc + 4, vpaddq_s32(rows45, rows67));
}

void pn_gemv_s8_neon(int32_t *acc, const int8_t *weights, const int8_t *x, int rows,
                     int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv_32_rows(acc + row, weights + (ptrdiff_t)row * columns, x, columns);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_8_rows(acc + row, weights + (ptrdiff_t)row * columns, x, columns);
  }
}

void pn_gemv2_s8_neon(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                      const int8_t *x1, int rows, int columns) {
  int row = 0;
  for (; row + PAIR_STRIPS * PN_STRIP_ROWS <= rows; row += PAIR_STRIPS * PN_STRIP_ROWS) {
    pn_gemv2_16_rows(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_8_rows(acc0 + row, weights + (ptrdiff_t)row * columns, x0, columns);
    pn_gemv_8_rows(acc1 + row, weights + (ptrdiff_t)row * columns, x1, columns);
  }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector for ARMv7: the scheme of gemv_s8_neon_aarch64.c with half the
 * registers, so 16 rows at a time, or 8 for two frames. The loops are assembly because compilers
 * do not form the 64-byte loads. */
#include "kernels_neon.h"

#if defined(__arm__)

#include <arm_neon.h>
#include <string.h>

#include "gemv_neon_armv7.h"

#define STRIPS 2 /* walked together: 8 of the 16 registers are sums */
#define STEP_COLUMNS 16
#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)

/* The next two column groups of one strip: d0..d3 and d4..d7. */
#define LOAD(p) "vldm %[" #p "]!, {d0-d7}\n"

/* Four neighbouring inputs, twice, for the two column groups of a half step. */
#define INPUTS(x, xa, xb)                     \
  "vld1.32 {" #xa "[]}, [%[" #x "]]!\n"       \
  "vld1.32 {" #xb "[]}, [%[" #x "]]!\n"

#define HALF_STEP                                   \
  INPUTS(x, d12, d13)                               \
  LOAD(a)                                           \
  ADD_GROUPS(q8, q9, q10, q11, d12, d13, q4, q5)    \
  LOAD(b)                                           \
  ADD_GROUPS(q12, q13, q14, q15, d12, d13, q4, q5)

static inline void pn_gemv_16_rows(int32_t *acc, const int8_t *weights, const int8_t *x,
                                   int columns) {
  const int8_t *a = weights, *b = a + PN_STRIP_ROWS * columns;
  int steps = columns / STEP_COLUMNS;
  __asm__ volatile(
      ZERO_SUMS
      "1:\n"
      HALF_STEP
      HALF_STEP
      "subs %[steps], %[steps], #1\n"
      "bne 1b\n"
      STORE_FIRST(acc)
      STORE_SECOND(acc)
      : [a] "+r"(a), [b] "+r"(b), [x] "+r"(x), [acc] "+r"(acc), [steps] "+r"(steps)
      :
      : CLOBBERED);
}

#define HALF_STEP_2                                 \
  INPUTS(x0, d12, d13)                              \
  INPUTS(x1, d14, d15)                              \
  LOAD(a)                                           \
  ADD_GROUPS(q8, q9, q10, q11, d12, d13, q4, q5)    \
  ADD_GROUPS(q12, q13, q14, q15, d14, d15, q4, q5)

static inline void pn_gemv2_8_rows(int32_t *acc0, int32_t *acc1, const int8_t *weights,
                                   const int8_t *x0, const int8_t *x1, int columns) {
  const int8_t *a = weights;
  int steps = columns / STEP_COLUMNS;
  __asm__ volatile(
      ZERO_SUMS
      "1:\n"
      HALF_STEP_2
      HALF_STEP_2
      "subs %[steps], %[steps], #1\n"
      "bne 1b\n"
      STORE_FIRST(acc0)
      STORE_SECOND(acc1)
      : [a] "+r"(a), [x0] "+r"(x0), [x1] "+r"(x1), [acc0] "+r"(acc0), [acc1] "+r"(acc1),
        [steps] "+r"(steps)
      :
      : CLOBBERED);
}

static inline int32x2_t join_pairs(int32x4_t sum) {
  return vpadd_s32(vget_low_s32(sum), vget_high_s32(sum));
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

/* The last rows of a matrix whose height is not a multiple of 16. */
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
  vst1q_s32(acc, vcombine_s32(join_pairs(rows01), join_pairs(rows23)));
  vst1q_s32(acc + 4, vcombine_s32(join_pairs(rows45), join_pairs(rows67)));
}

void pn_gemv_s8_neon(int32_t *acc, const int8_t *weights, const int8_t *x, int rows, int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv_16_rows(acc + row, weights + (ptrdiff_t)row * columns, x, columns);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_8_rows(acc + row, weights + (ptrdiff_t)row * columns, x, columns);
  }
}

void pn_gemv2_s8_neon(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                      const int8_t *x1, int rows, int columns) {
  for (int row = 0; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv2_8_rows(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns);
  }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Block-sparse int8 matrix times int8 vector with SDOT: a block is four registers of four rows,
 * multiplied by the four inputs in the first lane. Four blocks a turn pay for the loop and leave
 * in-order cores time between the loads of column, inputs and weights. */
#include <arm_neon.h>

#include "kernels_dotprod.h"

#define COLUMN(c) "ldrh %w[" #c "], [%[index]], #2\n"
#define INPUTS(x, s, c) "ldr " #s ", [%[" #x "], %[" #c "]]\n"
#define LOAD(w0, w1, w2, w3) \
  "ld1 {" #w0 ".16b, " #w1 ".16b, " #w2 ".16b, " #w3 ".16b}, [%[blocks]], #64\n"
#define SDOT(sum, w, x) "sdot " #sum ".4s, " #w ".16b, " #x ".4b[0]\n"

/* The 16 sums of frame 0 or of frame 1 take one block. */
#define ADD_0(w0, w1, w2, w3, x) SDOT(v0, w0, x) SDOT(v1, w1, x) SDOT(v2, w2, x) SDOT(v3, w3, x)
#define ADD_1(w0, w1, w2, w3, x) SDOT(v4, w0, x) SDOT(v5, w1, x) SDOT(v6, w2, x) SDOT(v7, w3, x)

#define ZERO_4(a, b, c, d)  \
  "movi " #a ".4s, #0\n"    \
  "movi " #b ".4s, #0\n"    \
  "movi " #c ".4s, #0\n"    \
  "movi " #d ".4s, #0\n"
#define STORE(acc, a, b, c, d) \
  "st1 {" #a ".4s, " #b ".4s, " #c ".4s, " #d ".4s}, [%[" #acc "]], #64\n"

#define WEIGHT_REGISTERS \
  "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"

void pn_gemv_sparse_s8_dotprod(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                               const int8_t *x, int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    int left = *index++;
    uint64_t c0, c1, c2, c3;
    __asm__ volatile(
        ZERO_4(v0, v1, v2, v3)
        "subs %w[left], %w[left], #4\n"
        "b.lt 2f\n"
        "1:\n"
        COLUMN(c0) COLUMN(c1) COLUMN(c2) COLUMN(c3)
        INPUTS(x, s16, c0) INPUTS(x, s17, c1) INPUTS(x, s18, c2) INPUTS(x, s19, c3)
        LOAD(v20, v21, v22, v23)
        LOAD(v24, v25, v26, v27)
        ADD_0(v20, v21, v22, v23, v16)
        LOAD(v28, v29, v30, v31)
        ADD_0(v24, v25, v26, v27, v17)
        LOAD(v20, v21, v22, v23)
        ADD_0(v28, v29, v30, v31, v18)
        "subs %w[left], %w[left], #4\n"
        ADD_0(v20, v21, v22, v23, v19)
        "b.ge 1b\n"
        "2:\n"
        "adds %w[left], %w[left], #4\n"
        "b.eq 4f\n"
        "3:\n"
        COLUMN(c0)
        LOAD(v20, v21, v22, v23)
        "subs %w[left], %w[left], #1\n"
        INPUTS(x, s16, c0)
        ADD_0(v20, v21, v22, v23, v16)
        "b.ne 3b\n"
        "4:\n"
        STORE(acc, v0, v1, v2, v3)
        : [blocks] "+r"(blocks), [index] "+r"(index), [acc] "+r"(acc), [left] "+r"(left),
          [c0] "=&r"(c0), [c1] "=&r"(c1), [c2] "=&r"(c2), [c3] "=&r"(c3)
        : [x] "r"(x)
        : "memory", "cc", "v0", "v1", "v2", "v3", "v16", "v17", "v18", "v19", WEIGHT_REGISTERS);
  }
}

/* Both frames use each loaded block. */
#define ADD_BOTH(w0, w1, w2, w3, xa, xb) ADD_0(w0, w1, w2, w3, xa) ADD_1(w0, w1, w2, w3, xb)

void pn_gemv2_sparse_s8_dotprod(int32_t *acc0, int32_t *acc1, const int8_t *blocks,
                                const uint16_t *index, const int8_t *x0, const int8_t *x1,
                                int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    int left = *index++;
    uint64_t c0, c1, c2, c3;
    __asm__ volatile(
        ZERO_4(v0, v1, v2, v3) ZERO_4(v4, v5, v6, v7)
        "subs %w[left], %w[left], #4\n"
        "b.lt 2f\n"
        "1:\n"
        COLUMN(c0) COLUMN(c1) COLUMN(c2) COLUMN(c3)
        INPUTS(x0, s16, c0) INPUTS(x0, s17, c1) INPUTS(x0, s18, c2) INPUTS(x0, s19, c3)
        INPUTS(x1, s8, c0) INPUTS(x1, s9, c1) INPUTS(x1, s10, c2) INPUTS(x1, s11, c3)
        LOAD(v20, v21, v22, v23)
        LOAD(v24, v25, v26, v27)
        ADD_BOTH(v20, v21, v22, v23, v16, v8)
        LOAD(v28, v29, v30, v31)
        ADD_BOTH(v24, v25, v26, v27, v17, v9)
        LOAD(v20, v21, v22, v23)
        ADD_BOTH(v28, v29, v30, v31, v18, v10)
        "subs %w[left], %w[left], #4\n"
        ADD_BOTH(v20, v21, v22, v23, v19, v11)
        "b.ge 1b\n"
        "2:\n"
        "adds %w[left], %w[left], #4\n"
        "b.eq 4f\n"
        "3:\n"
        COLUMN(c0)
        LOAD(v20, v21, v22, v23)
        "subs %w[left], %w[left], #1\n"
        INPUTS(x0, s16, c0)
        INPUTS(x1, s8, c0)
        ADD_BOTH(v20, v21, v22, v23, v16, v8)
        "b.ne 3b\n"
        "4:\n"
        STORE(acc0, v0, v1, v2, v3)
        STORE(acc1, v4, v5, v6, v7)
        : [blocks] "+r"(blocks), [index] "+r"(index), [acc0] "+r"(acc0), [acc1] "+r"(acc1),
          [left] "+r"(left), [c0] "=&r"(c0), [c1] "=&r"(c1), [c2] "=&r"(c2), [c3] "=&r"(c3)
        : [x0] "r"(x0), [x1] "r"(x1)
        : "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11",
          "v16", "v17", "v18", "v19", WEIGHT_REGISTERS);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Block-sparse int8 matrix times int8 vector for ARMv8.0: the scheme of gemv_s8_neon_aarch64.c with
 * two neighbouring blocks of a strip as the two column groups; an odd last block goes alone. */
#include "kernels_neon.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "gemv_neon_aarch64.h"

/* The columns of the next blocks to addresses of their inputs; each input four times. */
#define COLUMN(c) "ldrh %w[" #c "], [%[index]], #2\n"
#define INPUTS(x, v, c)                          \
  "add %[address], %[" #x "], %[" #c "]\n"       \
  "ld1r {" #v ".4s}, [%[address]]\n"

/* The next block into the registers A or B. */
#define LOAD_A "ld1 {v18.16b, v19.16b, v20.16b, v21.16b}, [%[blocks]], #64\n"
#define LOAD_B "ld1 {v28.16b, v29.16b, v30.16b, v31.16b}, [%[blocks]], #64\n"

/* The 16 sums of frame 0 or of frame 1 take the blocks A and B. */
#define ADD_0                                                  \
  ADD_GROUPS(v0, v1, v2, v3, v18, v19, v28, v29, v16, v17)     \
  ADD_GROUPS(v4, v5, v6, v7, v20, v21, v30, v31, v16, v17)
#define ADD_1                                                  \
  ADD_GROUPS(v8, v9, v10, v11, v18, v19, v28, v29, v22, v23)   \
  ADD_GROUPS(v12, v13, v14, v15, v20, v21, v30, v31, v22, v23)

/* Eight rows' sums take one column group. */
#define ADD_GROUP(rows01, rows23, rows45, rows67, w0, w1, x) \
  "smull v24.8h, " #w0 ".8b, " #x ".8b\n"                    \
  "smull2 v25.8h, " #w0 ".16b, " #x ".16b\n"                 \
  "smull v26.8h, " #w1 ".8b, " #x ".8b\n"                    \
  "smull2 v27.8h, " #w1 ".16b, " #x ".16b\n"                 \
  "sadalp " #rows01 ".4s, v24.8h\n"                          \
  "sadalp " #rows23 ".4s, v25.8h\n"                          \
  "sadalp " #rows45 ".4s, v26.8h\n"                          \
  "sadalp " #rows67 ".4s, v27.8h\n"
#define ADD_LAST_0                                \
  ADD_GROUP(v0, v1, v2, v3, v18, v19, v16)        \
  ADD_GROUP(v4, v5, v6, v7, v20, v21, v16)
#define ADD_LAST_1                                \
  ADD_GROUP(v8, v9, v10, v11, v18, v19, v22)      \
  ADD_GROUP(v12, v13, v14, v15, v20, v21, v22)

void pn_gemv_sparse_s8_neon(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                            const int8_t *x, int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    int left = *index++;
    uint64_t ca, cb, address;
    __asm__ volatile(
        ZERO_4(v0, v1, v2, v3) ZERO_4(v4, v5, v6, v7)
        "subs %w[left], %w[left], #2\n"
        "b.lt 2f\n"
        "1:\n"
        COLUMN(ca) COLUMN(cb)
        LOAD_A
        INPUTS(x, v16, ca)
        INPUTS(x, v17, cb)
        LOAD_B
        "subs %w[left], %w[left], #2\n"
        ADD_0
        "b.ge 1b\n"
        "2:\n"
        "tbz %w[left], #0, 3f\n"
        COLUMN(ca)
        LOAD_A
        INPUTS(x, v16, ca)
        ADD_LAST_0
        "3:\n"
        STORE(acc, v0, v1, v2, v3)
        STORE(acc, v4, v5, v6, v7)
        : [blocks] "+r"(blocks), [index] "+r"(index), [acc] "+r"(acc), [left] "+r"(left),
          [ca] "=&r"(ca), [cb] "=&r"(cb), [address] "=&r"(address)
        : [x] "r"(x)
        : "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18",
          "v19", "v20", "v21", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
  }
}

void pn_gemv2_sparse_s8_neon(int32_t *acc0, int32_t *acc1, const int8_t *blocks,
                             const uint16_t *index, const int8_t *x0, const int8_t *x1,
                             int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    int left = *index++;
    uint64_t ca, cb, address;
    __asm__ volatile(
        ZERO_4(v0, v1, v2, v3) ZERO_4(v4, v5, v6, v7)
        ZERO_4(v8, v9, v10, v11) ZERO_4(v12, v13, v14, v15)
        "subs %w[left], %w[left], #2\n"
        "b.lt 2f\n"
        "1:\n"
        COLUMN(ca) COLUMN(cb)
        LOAD_A
        INPUTS(x0, v16, ca)
        INPUTS(x0, v17, cb)
        INPUTS(x1, v22, ca)
        INPUTS(x1, v23, cb)
        LOAD_B
        "subs %w[left], %w[left], #2\n"
        ADD_0
        ADD_1
        "b.ge 1b\n"
        "2:\n"
        "tbz %w[left], #0, 3f\n"
        COLUMN(ca)
        LOAD_A
        INPUTS(x0, v16, ca)
        INPUTS(x1, v22, ca)
        ADD_LAST_0
        ADD_LAST_1
        "3:\n"
        STORE(acc0, v0, v1, v2, v3)
        STORE(acc0, v4, v5, v6, v7)
        STORE(acc1, v8, v9, v10, v11)
        STORE(acc1, v12, v13, v14, v15)
        : [blocks] "+r"(blocks), [index] "+r"(index), [acc0] "+r"(acc0), [acc1] "+r"(acc1),
          [left] "+r"(left), [ca] "=&r"(ca), [cb] "=&r"(cb), [address] "=&r"(address)
        : [x0] "r"(x0), [x1] "r"(x1)
        : CLOBBERED);
  }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Block-sparse int8 matrix times int8 vector for ARMv7: the scheme of
 * gemv_sparse_s8_neon_aarch64.c, a pair of blocks in two halves of 8 rows. */
#include "kernels_neon.h"

#if defined(__arm__)

#include <arm_neon.h>

#include "gemv_neon_armv7.h"

#define COLUMN(c) "ldrh %[" #c "], [%[index]], #2\n"
/* Four neighbouring inputs, twice; the column becomes their address. */
#define INPUTS(d, c)                     \
  "add %[" #c "], %[x], %[" #c "]\n"     \
  "vld1.32 {" #d "[]}, [%[" #c "]]\n"

/* Half a block of each of the pair, then on to its other half, or behind the pair. */
#define LOAD_FIRST_HALVES                                \
  "vld1.8 {d0-d3}, [%[blocks]], %[forward]\n"            \
  "vld1.8 {d4-d7}, [%[blocks]], %[back]\n"
#define LOAD_SECOND_HALVES                               \
  "vld1.8 {d0-d3}, [%[blocks]], %[forward]\n"            \
  "vld1.8 {d4-d7}, [%[blocks]]!\n"

/* Four rows' sums take one column group. */
#define ADD_GROUP(rows01, rows23, w0, w1)  \
  "vmull.s8 q4, " #w0 ", d12\n"            \
  "vmull.s8 q5, " #w1 ", d12\n"            \
  "vpadal.s16 " #rows01 ", q4\n"           \
  "vpadal.s16 " #rows23 ", q5\n"

/* One strip of 16 rows with count blocks. */
static inline void pn_gemv_sparse_strip(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                                        int count, const int8_t *x) {
  const int forward = PN_BLOCK_BYTES, back = -PN_BLOCK_BYTES / 2;
  uint32_t ca, cb;
  __asm__ volatile(
      ZERO_SUMS
      "subs %[left], %[left], #2\n"
      "blt 2f\n"
      "1:\n"
      COLUMN(ca) COLUMN(cb)
      LOAD_FIRST_HALVES
      INPUTS(d12, ca)
      INPUTS(d13, cb)
      ADD_GROUPS(q8, q9, q10, q11, d12, d13, q4, q5)
      LOAD_SECOND_HALVES
      "subs %[left], %[left], #2\n"
      ADD_GROUPS(q12, q13, q14, q15, d12, d13, q4, q5)
      "bge 1b\n"
      "2:\n"
      "tst %[left], #1\n"
      "beq 3f\n"
      COLUMN(ca)
      "vldm %[blocks]!, {d0-d7}\n"
      INPUTS(d12, ca)
      ADD_GROUP(q8, q9, d0, d1)
      ADD_GROUP(q10, q11, d2, d3)
      ADD_GROUP(q12, q13, d4, d5)
      ADD_GROUP(q14, q15, d6, d7)
      "3:\n"
      STORE_FIRST(acc)
      STORE_SECOND(acc)
      : [blocks] "+r"(blocks), [index] "+r"(index), [acc] "+r"(acc), [left] "+r"(count),
        [ca] "=&r"(ca), [cb] "=&r"(cb)
      : [x] "r"(x), [forward] "r"(forward), [back] "r"(back)
      : CLOBBERED);
}

void pn_gemv_sparse_s8_neon(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                            const int8_t *x, int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    const int count = *index++;
    pn_gemv_sparse_strip(acc + strip, blocks, index, count, x);
    blocks += count * PN_BLOCK_BYTES;
    index += count;
  }
}

/* The second frame finds the strip in the cache. */
void pn_gemv2_sparse_s8_neon(int32_t *acc0, int32_t *acc1, const int8_t *blocks,
                             const uint16_t *index, const int8_t *x0, const int8_t *x1,
                             int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    const int count = *index++;
    pn_gemv_sparse_strip(acc0 + strip, blocks, index, count, x0);
    pn_gemv_sparse_strip(acc1 + strip, blocks, index, count, x1);
    blocks += count * PN_BLOCK_BYTES;
    index += count;
  }
}

#endif

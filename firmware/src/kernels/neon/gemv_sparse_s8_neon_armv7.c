/* SPDX-License-Identifier: Apache-2.0 */
/* Block-sparse int8 matrix times int8 vector for ARMv7: products of two neighbouring blocks of a
 * strip share an int16 lane, 2 * 127 * 127 < 2^15; an odd last block goes alone. */
#include "kernels_neon.h"

#if defined(__arm__)

#include <arm_neon.h>
#include <string.h>

#define SUMS (PN_BLOCK_ROWS / 2) /* each of two rows, two partial sums a row */

/* Four neighbouring inputs, twice. */
static inline int8x8_t broadcast4(const int8_t *x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return vreinterpret_s8_s32(vdup_n_s32(four));
}

static inline int32x2_t join_pairs(int32x4_t sum) {
  return vpadd_s32(vget_low_s32(sum), vget_high_s32(sum));
}

/* One strip of 16 rows. */
static inline void pn_gemv_sparse_strip(int32_t *acc, const int8_t *blocks, const uint16_t *column,
                                        int count, const int8_t *x) {
  int32x4_t sum[SUMS];
  for (int i = 0; i < SUMS; i++) sum[i] = vdupq_n_s32(0);
  for (; count >= 2; count -= 2, column += 2, blocks += 2 * PN_BLOCK_BYTES) {
    const int8x8_t xa = broadcast4(x + column[0]), xb = broadcast4(x + column[1]);
    for (int i = 0; i < SUMS; i++) {
      const int16x8_t product = vmull_s8(vld1_s8(blocks + 8 * i), xa);
      const int8x8_t second = vld1_s8(blocks + PN_BLOCK_BYTES + 8 * i);
      sum[i] = vpadalq_s16(sum[i], vmlal_s8(product, second, xb));
    }
  }
  if (count > 0) {
    const int8x8_t xa = broadcast4(x + column[0]);
    for (int i = 0; i < SUMS; i++) {
      sum[i] = vpadalq_s16(sum[i], vmull_s8(vld1_s8(blocks + 8 * i), xa));
    }
  }
  for (int i = 0; i < SUMS; i += 2) {
    vst1q_s32(acc + 2 * i, vcombine_s32(join_pairs(sum[i]), join_pairs(sum[i + 1])));
  }
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

/* SPDX-License-Identifier: Apache-2.0 */
/* int8 matrix times int8 vector with vpdpbusd: a register holds two neighbouring blocks, the
 * lower half of the lanes the rows of the first. The instruction wants unsigned inputs, so x + 128
 * goes in and the product with 128 is taken off again, which is exact in int32:
 * |sums| <= 8192 * 127 * 255 < 2^29. */
#include <immintrin.h>
#include <string.h>

#include "kernels_avx512vnni.h"

#define STRIPS 4 /* walked together, so that x is prepared once for 32 rows */
#define BLOCK_BYTES (PN_STRIP_ROWS * PN_GROUP_COLUMNS)
#define PAIR_COLUMNS (2 * PN_GROUP_COLUMNS)

/* Eight neighbouring inputs plus 128: the first four in lanes 0..7, the others in lanes 8..15. */
static inline __m512i broadcast8(const int8_t *x) {
  const __m512i spread = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  int64_t eight;
  memcpy(&eight, x, sizeof eight);
  const __m512i all = _mm512_permutexvar_epi32(spread, _mm512_set1_epi64(eight));
  return _mm512_xor_si512(all, _mm512_set1_epi8((char)-128));
}

static inline __m512i load_pair(const int8_t *p) { return _mm512_loadu_si512((const void *)p); }

/* Lane sums minus the offset's share, both column groups together. */
static inline void store_rows(int32_t *acc, __m512i sum, __m512i offset) {
  const __m512i lanes = _mm512_sub_epi32(sum, offset);
  const __m256i rows =
      _mm256_add_epi32(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
  _mm256_storeu_si256((__m256i *)(void *)acc, rows);
}

static inline void pn_gemv_strips(int32_t *acc, const int8_t *weights, const int8_t *x, int columns,
                                  int strips) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  const __m512i shift = _mm512_set1_epi8((char)-128);
  __m512i sum[STRIPS], offset[STRIPS];
  for (int s = 0; s < strips; s++) sum[s] = offset[s] = _mm512_setzero_si512();
  for (int column = 0; column < columns; column += PAIR_COLUMNS, weights += 2 * BLOCK_BYTES) {
    const __m512i eight = broadcast8(x + column);
    for (int s = 0; s < strips; s++) {
      const __m512i pair = load_pair(weights + s * stride);
      sum[s] = _mm512_dpbusd_epi32(sum[s], eight, pair);
      offset[s] = _mm512_dpbusd_epi32(offset[s], shift, pair);
    }
  }
  for (int s = 0; s < strips; s++) store_rows(acc + s * PN_STRIP_ROWS, sum[s], offset[s]);
}

static inline void pn_gemv2_strips(int32_t *acc0, int32_t *acc1, const int8_t *weights,
                                   const int8_t *x0, const int8_t *x1, int columns, int strips) {
  const ptrdiff_t stride = (ptrdiff_t)PN_STRIP_ROWS * columns;
  const __m512i shift = _mm512_set1_epi8((char)-128);
  __m512i sum0[STRIPS], sum1[STRIPS], offset[STRIPS];
  for (int s = 0; s < strips; s++) sum0[s] = sum1[s] = offset[s] = _mm512_setzero_si512();
  for (int column = 0; column < columns; column += PAIR_COLUMNS, weights += 2 * BLOCK_BYTES) {
    const __m512i eight0 = broadcast8(x0 + column), eight1 = broadcast8(x1 + column);
    for (int s = 0; s < strips; s++) {
      const __m512i pair = load_pair(weights + s * stride);
      sum0[s] = _mm512_dpbusd_epi32(sum0[s], eight0, pair);
      sum1[s] = _mm512_dpbusd_epi32(sum1[s], eight1, pair);
      offset[s] = _mm512_dpbusd_epi32(offset[s], shift, pair);
    }
  }
  for (int s = 0; s < strips; s++) {
    store_rows(acc0 + s * PN_STRIP_ROWS, sum0[s], offset[s]);
    store_rows(acc1 + s * PN_STRIP_ROWS, sum1[s], offset[s]);
  }
}

void pn_gemv_s8_avx512vnni(int32_t *acc, const int8_t *weights, const int8_t *x, int rows,
                           int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv_strips(acc + row, weights + (ptrdiff_t)row * columns, x, columns, STRIPS);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv_strips(acc + row, weights + (ptrdiff_t)row * columns, x, columns, 1);
  }
}

void pn_gemv2_s8_avx512vnni(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                            const int8_t *x1, int rows, int columns) {
  int row = 0;
  for (; row + STRIPS * PN_STRIP_ROWS <= rows; row += STRIPS * PN_STRIP_ROWS) {
    pn_gemv2_strips(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns,
                    STRIPS);
  }
  for (; row < rows; row += PN_STRIP_ROWS) {
    pn_gemv2_strips(acc0 + row, acc1 + row, weights + (ptrdiff_t)row * columns, x0, x1, columns, 1);
  }
}

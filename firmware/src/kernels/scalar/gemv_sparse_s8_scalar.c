/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels_scalar.h"

void pn_gemv_sparse_s8_scalar(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                              const int8_t *x, int rows) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    int32_t sum[PN_BLOCK_ROWS] = {0};
    for (int left = *index++; left > 0; left--) {
      const int8_t *four = x + *index++;
      for (int row = 0; row < PN_BLOCK_ROWS; row++) {
        for (int k = 0; k < PN_GROUP_COLUMNS; k++) sum[row] += *blocks++ * four[k];
      }
    }
    for (int row = 0; row < PN_BLOCK_ROWS; row++) acc[strip + row] = sum[row];
  }
}

void pn_gemv2_sparse_s8_scalar(int32_t *acc0, int32_t *acc1, const int8_t *blocks,
                               const uint16_t *index, const int8_t *x0, const int8_t *x1,
                               int rows) {
  pn_gemv_sparse_s8_scalar(acc0, blocks, index, x0, rows);
  pn_gemv_sparse_s8_scalar(acc1, blocks, index, x1, rows);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels_scalar.h"

void pn_gemv_s8_s16_scalar(int32_t *acc, const int8_t *weights, const int16_t *x, int rows,
                           int columns) {
  for (int strip = 0; strip < rows; strip += PN_STRIP_ROWS) {
    int32_t sum[PN_STRIP_ROWS] = {0};
    for (int column = 0; column < columns; column += PN_GROUP_COLUMNS) {
      for (int row = 0; row < PN_STRIP_ROWS; row++) {
        for (int k = 0; k < PN_GROUP_COLUMNS; k++) sum[row] += *weights++ * x[column + k];
      }
    }
    for (int row = 0; row < PN_STRIP_ROWS; row++) acc[strip + row] = sum[row];
  }
}

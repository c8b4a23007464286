/* SPDX-License-Identifier: Apache-2.0 */
#include "sparse_index.h"

#include "kernels/kernels.h"

/* Columns of one strip: multiples of the group, rising, inside the matrix. */
static int good_strip(const uint16_t *column, uint32_t count, int columns) {
  int least = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (column[i] % PN_GROUP_COLUMNS != 0 || column[i] < least || column[i] >= columns) return 0;
    least = column[i] + PN_GROUP_COLUMNS;
  }
  return 1;
}

int pn_sparse_index_is_good(const uint16_t *index, int rows, int columns, uint32_t blocks) {
  for (int strip = 0; strip < rows; strip += PN_BLOCK_ROWS) {
    const uint32_t count = *index++;
    if (count > blocks || !good_strip(index, count, columns)) return 0;
    blocks -= count;
    index += count;
  }
  return blocks == 0;
}

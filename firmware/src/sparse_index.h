/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a block-sparse matrix, laid out as kernels.h says. */
#ifndef PN_SPARSE_INDEX_H
#define PN_SPARSE_INDEX_H

#include <stdint.h>

/* 1 when index, rows / PN_BLOCK_ROWS + blocks values long, names exactly blocks blocks, each inside
 * the columns and none twice in a strip, so that kernels read nothing outside x and the blocks and
 * no sum grows beyond that of the dense matrix; 0 otherwise. Reads only those values. */
int pn_sparse_index_is_good(const uint16_t *index, int rows, int columns, uint32_t blocks);

#endif

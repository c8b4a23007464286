/* SPDX-License-Identifier: Apache-2.0 */
/* ARM matrix products for the dot-product extension (SDOT), the rest is NEON; what each function
 * does: kernels.h. */
#ifndef PN_KERNELS_DOTPROD_H
#define PN_KERNELS_DOTPROD_H

#include "kernels.h"

void pn_gemv_s8_dotprod(int32_t *acc, const int8_t *weights, const int8_t *x, int rows,
                        int columns);
void pn_gemv2_s8_dotprod(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                         const int8_t *x1, int rows, int columns);
void pn_gemv_sparse_s8_dotprod(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                               const int8_t *x, int rows);
void pn_gemv2_sparse_s8_dotprod(int32_t *acc0, int32_t *acc1, const int8_t *blocks,
                                const uint16_t *index, const int8_t *x0, const int8_t *x1,
                                int rows);

extern const pn_kernels pn_kernels_dotprod;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* x86 matrix products for AVX-512 VNNI, the rest is AVX2; what each function does: kernels.h. */
#ifndef PN_KERNELS_AVX512VNNI_H
#define PN_KERNELS_AVX512VNNI_H

#include "kernels.h"

void pn_gemv_s8_avx512vnni(int32_t *acc, const int8_t *weights, const int8_t *x, int rows,
                           int columns);
void pn_gemv2_s8_avx512vnni(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                            const int8_t *x1, int rows, int columns);

extern const pn_kernels pn_kernels_avx512vnni;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel tables that this build holds. PN_HAVE_<FAMILY> comes from sources.cmake. */
#ifndef PN_KERNEL_FAMILIES_H
#define PN_KERNEL_FAMILIES_H

#include "kernels.h"
#include "scalar/kernels_scalar.h"

extern const pn_kernels pn_kernels_neon;
extern const pn_kernels pn_kernels_dotprod;
extern const pn_kernels pn_kernels_avx2;
extern const pn_kernels pn_kernels_avx512vnni;

/* The same tables with every call compared with the scalar kernels: check.c. */
extern const pn_kernels pn_kernels_checked_neon;
extern const pn_kernels pn_kernels_checked_dotprod;
extern const pn_kernels pn_kernels_checked_avx2;
extern const pn_kernels pn_kernels_checked_avx512vnni;

#if defined(PN_CHECK_KERNELS)
#define PN_USED_TABLE(family) pn_kernels_checked_##family
#else
#define PN_USED_TABLE(family) pn_kernels_##family
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu_features.h"
#include "families.h"
#include "kernels.h"

/* Fastest first; what the build left out is absent. */
static const pn_kernels *const families[] = {
#if defined(PN_HAVE_AVX512VNNI)
    &PN_USED_TABLE(avx512vnni),
#endif
#if defined(PN_HAVE_AVX2)
    &PN_USED_TABLE(avx2),
#endif
#if defined(PN_HAVE_DOTPROD)
    &PN_USED_TABLE(dotprod),
#endif
#if defined(PN_HAVE_NEON)
    &PN_USED_TABLE(neon),
#endif
    &pn_kernels_scalar,
};

const pn_kernels *pn_kernels_select(pn_kernel want, pn_status *status) {
  pn_status unused;
  if (status == NULL) status = &unused;
  if ((int)want < PN_KERNEL_AUTO || (int)want > PN_KERNEL_AVX512VNNI) {
    *status = PN_ERROR_RANGE;
    return NULL;
  }
  for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
    const pn_kernel id = families[i]->id;
    if ((want == PN_KERNEL_AUTO || want == id) && pn_cpu_supports(id)) {
      *status = PN_OK;
      return families[i];
    }
  }
  *status = PN_ERROR_KERNEL;
  return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* 480-point complex FFT in 32-bit integers, unscaled: output = sum x exp(-2 pi i n k / 480).
 *
 * No stage shifts: every intermediate value is a partial sum of the transform, so nothing
 * overflows as long as the sum of the input magnitudes stays below 2^31. */
#ifndef PN_FFT_H
#define PN_FFT_H

#include <stdint.h>

#define PN_FFT_POINTS 480

typedef struct pn_complex_block {
  int32_t re[PN_FFT_POINTS];
  int32_t im[PN_FFT_POINTS];
} pn_complex_block;

/* Forward transform of x into y; x is overwritten (it serves as scratch). For the inverse
 * transform swap re and im of the input and of the output. */
void pn_fft_480(pn_complex_block *restrict x, pn_complex_block *restrict y);

#endif

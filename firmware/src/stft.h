/* SPDX-License-Identifier: Apache-2.0 */
/* Short-time Fourier transform: 960-point Vorbis window, 480 hop, 481 bins of 50 Hz.
 *
 * Block floating point: a frame of samples is scaled by 2^scale (scale in 4..14) so that its peak
 * is at most 2^19; bins are then bounded by 2^28.4 and carry the same factor 2^scale. */
#ifndef PN_STFT_H
#define PN_STFT_H

#include <stdint.h>

#include "fft.h"
#include "kernels/kernels.h"

#define PN_HOP 480
#define PN_WINDOW 960
#define PN_BINS 481
#define PN_SCALE_MIN 4
#define PN_SCALE_MAX 14

/* Fractional bits of the overlap-add memory, in PCM units. */
#define PN_OVERLAP_FRACTION_BITS 7

typedef struct pn_spectrum {
  int32_t re[PN_BINS];
  int32_t im[PN_BINS];
} pn_spectrum;

typedef struct pn_stft_scratch {
  pn_complex_block a, b;
} pn_stft_scratch;

/* Largest scale in 4..14 with peak * 2^scale <= 2^19; peak is |sample| in PCM units Q15
 * (32768 = one LSB), 0..2^30. */
int pn_stft_scale(uint32_t peak_q15);

/* Window and transform samples (|x| <= 2^19) into bins at the same scale, unnormalised. */
void pn_stft_forward(const pn_kernels *kernels, const int32_t samples[PN_WINDOW],
                     pn_spectrum *bins, pn_stft_scratch *scratch);

/* Transform bins, multiplied by gain (Q20, 0..2^22 = 4.0), back to time and overlap-add:
 * hop receives the 480 finished samples, rounded and saturated; overlap keeps the next half.
 * The block exponent of the transform is chosen per frame; returns the right shift from its values
 * to those of overlap (negative: left). */
int pn_stft_inverse(const pn_kernels *kernels, const pn_spectrum *bins,
                    const int32_t gain_q20[PN_BINS], int scale, int32_t overlap[PN_HOP],
                    int16_t hop[PN_HOP], pn_stft_scratch *scratch);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* 34 triangular ERB bands over 0-20 kHz, 50 % overlap: the weights of a bin sum to one. */
#ifndef PN_BANDS_H
#define PN_BANDS_H

#include <stdint.h>

#include "percepnet/percepnet.h"
#include "stft.h"

/* Band energies sum w |X|^2 of bins bounded by 2^30.5; each below 2^63. */
void pn_band_energy(const pn_spectrum *x, uint64_t energy[PN_BANDS]);

/* Band sums of Re(X conj P) for bins bounded by 2^28.4. */
void pn_band_correlation(const pn_spectrum *x, const pn_spectrum *p, int64_t correlation[PN_BANDS]);

/* Linear interpolation between band centres, constant below the first and above the last.
 * |band value| <= 2^22. */
void pn_band_interpolate(const int32_t band[PN_BANDS], int32_t bin[PN_BINS]);

#endif

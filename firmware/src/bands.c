/* SPDX-License-Identifier: Apache-2.0 */
#include "bands.h"

#include "fixed_point.h"
#include "tables.h"

/* Weights j/size of the upper band are applied to terms >> WEIGHT_BITS so that the weighted sum
 * of up to 44 bins stays inside 64 bits. */
#define WEIGHT_BITS 5

void pn_band_energy(const pn_spectrum *x, uint64_t energy[PN_BANDS]) {
  uint64_t carry = 0;
  for (int k = 0; k < pn_band_centre_bin[0]; k++) {
    carry += (uint64_t)((int64_t)x->re[k] * x->re[k]) + (uint64_t)((int64_t)x->im[k] * x->im[k]);
  }
  for (int b = 0; b + 1 < PN_BANDS; b++) {
    const int low = pn_band_centre_bin[b], size = pn_band_centre_bin[b + 1] - low;
    uint64_t sum = 0, weighted = 0;
    for (int j = 0; j < size; j++) {
      const int64_t re = x->re[low + j], im = x->im[low + j];
      const uint64_t term = (uint64_t)(re * re) + (uint64_t)(im * im);
      sum += term;
      weighted += (uint64_t)j * (term >> WEIGHT_BITS);
    }
    const uint64_t upper = (weighted / (uint64_t)size) << WEIGHT_BITS;
    energy[b] = carry + (sum - upper);
    carry = upper;
  }
  const int last = pn_band_centre_bin[PN_BANDS - 1];
  const int64_t re = x->re[last], im = x->im[last];
  energy[PN_BANDS - 1] = carry + (uint64_t)(re * re) + (uint64_t)(im * im);
}

static inline int64_t cross_term(const pn_spectrum *x, const pn_spectrum *p, int k) {
  return (int64_t)x->re[k] * p->re[k] + (int64_t)x->im[k] * p->im[k];
}

void pn_band_correlation(const pn_spectrum *x, const pn_spectrum *p,
                         int64_t correlation[PN_BANDS]) {
  int64_t carry = 0;
  for (int k = 0; k < pn_band_centre_bin[0]; k++) carry += cross_term(x, p, k);
  for (int b = 0; b + 1 < PN_BANDS; b++) {
    const int low = pn_band_centre_bin[b], size = pn_band_centre_bin[b + 1] - low;
    int64_t sum = 0, weighted = 0;
    for (int j = 0; j < size; j++) {
      const int64_t term = cross_term(x, p, low + j);
      sum += term;
      weighted += j * pn_asr64(term, WEIGHT_BITS);
    }
    const int64_t upper = (weighted / size) * (1 << WEIGHT_BITS);
    correlation[b] = carry + (sum - upper);
    carry = upper;
  }
  correlation[PN_BANDS - 1] = carry + cross_term(x, p, pn_band_centre_bin[PN_BANDS - 1]);
}

void pn_band_interpolate(const int32_t band[PN_BANDS], int32_t bin[PN_BINS]) {
  for (int k = 0; k < pn_band_centre_bin[0]; k++) bin[k] = band[0];
  for (int b = 0; b + 1 < PN_BANDS; b++) {
    const int low = pn_band_centre_bin[b], high = pn_band_centre_bin[b + 1];
    const int64_t step = band[b + 1] - band[b];
    for (int k = low; k < high; k++) {
      bin[k] = band[b] + (int32_t)pn_round_shift64(step * pn_band_fraction_q15[k], 15);
    }
  }
  for (int k = pn_band_centre_bin[PN_BANDS - 1]; k < PN_BINS; k++) bin[k] = band[PN_BANDS - 1];
}

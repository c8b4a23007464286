/* SPDX-License-Identifier: Apache-2.0 */
#include "postfilter.h"

#include <string.h>

#include "bands.h"
#include "fixed_point.h"
#include "math_fixed.h"

#define DECAY_Q15 16384       /* half the amplitude per 10 ms: RT60 of 100 ms */
#define BETA_Q16 1311         /* 0.02 */
#define MAX_LEVEL_Q15 65536   /* 2.0: most that the comb's output or a band is raised */
#define MAX_BOOST_Q15 62259   /* 1.9: the largest value of the post-filter's factor */
#define ENERGY_BITS 40        /* weighted sums of 34 energies times 2^17 fit 64 bits */

void pn_postfilter_reset(pn_postfilter *postfilter) {
  memset(postfilter, 0, sizeof *postfilter);
  postfilter->scale = PN_SCALE_MAX;
}

void pn_decay_floor(pn_postfilter *postfilter, const pn_frame *frame,
                    int32_t gain_q15[PN_BANDS]) {
  for (int b = 0; b < PN_BANDS; b++) {
    const uint64_t energy = frame->noisy_energy[b];
    const uint64_t before =
        pn_shift_energy(postfilter->noisy_energy[b], frame->scale - postfilter->scale);
    const int32_t rise_q15 = pn_sqrt_ratio_q15(before, energy, PN_Q15_ONE);
    const int32_t least = pn_mul_q15(pn_mul_q15(postfilter->gain_q15[b], DECAY_Q15), rise_q15);
    gain_q15[b] = pn_max32(gain_q15[b], least);
    postfilter->gain_q15[b] = gain_q15[b];
    postfilter->noisy_energy[b] = energy;
  }
  postfilter->scale = frame->scale;
}

/* Shift that brings the largest energy to ENERGY_BITS bits, 0 when it has fewer. */
static int energy_shift(const uint64_t *energy) {
  uint64_t all = 0;
  for (int b = 0; b < PN_BANDS; b++) all |= energy[b];
  return pn_max32(64 - pn_clz64(all) - ENERGY_BITS, 0);
}

/* sqrt((1 + beta) x / (1 + beta x^2)) in Q15 for x = before / after. */
static int32_t energy_factor_q15(uint64_t before, uint64_t after) {
  if (after == 0) return PN_Q15_ONE;
  const uint64_t limit_q12 = 64 * 4096;
  uint64_t x_q12 = (before << 12) / after;
  if (x_q12 > limit_q12) x_q12 = limit_q12;
  const uint64_t numerator_q28 = x_q12 * (65536 + BETA_Q16);
  const uint64_t denominator_q28 = ((uint64_t)1 << 28) + ((x_q12 * x_q12 * BETA_Q16) >> 12);
  return pn_sqrt_ratio_q15(numerator_q28, denominator_q28, MAX_BOOST_Q15);
}

void pn_envelope_postfilter(const uint64_t energy[PN_BANDS], const int32_t gain_q15[PN_BANDS],
                            int32_t filtered_q15[PN_BANDS]) {
  const int shift = energy_shift(energy);
  uint64_t before = 0, after = 0;
  for (int b = 0; b < PN_BANDS; b++) {
    const int32_t gain = gain_q15[b];
    const int32_t warped = (gain * pn_sine_quarter_q15(gain) + 16384) >> 15;
    const uint64_t band = energy[b] >> shift;
    /* Squared gains in Q17: 40 + 17 bits, and 34 of them, stay below 2^63. */
    before += band * (uint64_t)((gain * gain) >> 13);
    after += band * (uint64_t)((warped * warped) >> 13);
    filtered_q15[b] = warped;
  }
  /* before << 12 must fit; the ratio needs no more than 50 bits. */
  const int excess = pn_max32(14 - pn_clz64(before), 0);
  const int32_t factor_q15 = energy_factor_q15(before >> excess, after >> excess);
  for (int b = 0; b < PN_BANDS; b++) {
    filtered_q15[b] =
        (int32_t)pn_round_shift64((int64_t)filtered_q15[b] * factor_q15, 15);
  }
}

/* Z = (1 - r) Y + r c P, where c brings the comb's output to the level of Y in each band. */
static void filter_pitch(const pn_frame *frame, const int32_t *strength_q15,
                         pn_postfilter_scratch *scratch) {
  int32_t comb_band_q15[PN_BANDS];
  for (int b = 0; b < PN_BANDS; b++) {
    const int32_t level_q15 =
        pn_sqrt_ratio_q15(frame->noisy_energy[b], frame->comb_energy[b], MAX_LEVEL_Q15);
    comb_band_q15[b] = (int32_t)pn_round_shift64((int64_t)strength_q15[b] * level_q15, 15);
  }
  pn_band_interpolate(strength_q15, scratch->strength_q15);
  pn_band_interpolate(comb_band_q15, scratch->comb_q15);
  const pn_spectrum *y = &frame->noisy, *p = &frame->comb;
  pn_spectrum *z = &scratch->cleaned;
  for (int k = 0; k < PN_BINS; k++) {
    const int32_t keep_q15 = PN_Q15_ONE - scratch->strength_q15[k];
    const int32_t comb_q15 = scratch->comb_q15[k];
    z->re[k] = (int32_t)pn_round_shift64(
        (int64_t)y->re[k] * keep_q15 + (int64_t)p->re[k] * comb_q15, 15);
    z->im[k] = (int32_t)pn_round_shift64(
        (int64_t)y->im[k] * keep_q15 + (int64_t)p->im[k] * comb_q15, 15);
  }
}

/* Gains that give each band of Z the magnitude wanted of it. */
static void rescale_bands(const pn_frame *frame, int32_t wanted_q15[PN_BANDS],
                          pn_postfilter_scratch *scratch) {
  uint64_t energy[PN_BANDS];
  pn_band_energy(&scratch->cleaned, energy);
  for (int b = 0; b < PN_BANDS; b++) {
    const int32_t level_q15 =
        pn_sqrt_ratio_q15(frame->noisy_energy[b], energy[b], MAX_LEVEL_Q15);
    wanted_q15[b] = (int32_t)pn_round_shift64((int64_t)wanted_q15[b] * level_q15, 15);
  }
  pn_band_interpolate(wanted_q15, scratch->gain_q15);
}

void pn_postfilter_run(pn_postfilter *postfilter, const pn_frame *frame, const uint16_t *gain_q15,
                       const uint16_t *strength_q15, int32_t floor_q15,
                       pn_postfilter_scratch *scratch) {
  int32_t gain[PN_BANDS], strength[PN_BANDS], wanted[PN_BANDS];
  for (int b = 0; b < PN_BANDS; b++) {
    gain[b] = gain_q15[b];
    /* An attenuation limit leaves that share of the input as it is. */
    strength[b] = pn_min32(strength_q15[b], PN_Q15_ONE - floor_q15);
  }
  pn_decay_floor(postfilter, frame, gain);
  pn_envelope_postfilter(frame->noisy_energy, gain, wanted);
  for (int b = 0; b < PN_BANDS; b++) wanted[b] = pn_max32(wanted[b], floor_q15);
  filter_pitch(frame, strength, scratch);
  rescale_bands(frame, wanted, scratch);
}

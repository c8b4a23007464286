/* SPDX-License-Identifier: Apache-2.0 */
#include "postfilter.h"

#include <string.h>

#include "bands.h"
#include "fixed_point.h"
#include "math_fixed.h"

#define MAX_LEVEL_Q20 (2 * PN_Q20_ONE) /* most that the comb's output or a band is raised */
#define MAX_BOOST_Q20 1992294         /* 1.9: the largest value of the post-filter's factor */
#define BETA_Q16 1311                 /* 0.02 */
#define ENERGY_BITS 36                /* 34 energies times squared gains in Q22 fit 64 bits */

/* a * b of Q20 gains, rounded. */
static int32_t mul_q20(int32_t a, int32_t b) {
  return (int32_t)pn_round_shift64((int64_t)a * b, 20);
}

void pn_postfilter_reset(pn_postfilter *postfilter) {
  memset(postfilter, 0, sizeof *postfilter);
  postfilter->scale = PN_SCALE_MAX;
}

void pn_decay_floor(pn_postfilter *postfilter, const pn_frame *frame,
                    int32_t gain_q20[PN_BANDS]) {
  for (int b = 0; b < PN_BANDS; b++) {
    const uint64_t energy = frame->noisy_energy[b];
    const uint64_t before =
        pn_shift_energy(postfilter->noisy_energy[b], frame->scale - postfilter->scale);
    const int32_t rise_q20 = pn_sqrt_ratio_q20(before, energy, PN_Q20_ONE);
    /* Half the amplitude per 10 ms: RT60 of 100 ms. */
    const int32_t least = mul_q20(postfilter->gain_q20[b], rise_q20) >> 1;
    gain_q20[b] = pn_max32(gain_q20[b], least);
    postfilter->gain_q20[b] = gain_q20[b];
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

/* sqrt((1 + beta) x / (1 + beta x^2)) in Q20 for x = before / after <= 64, before < 2^44. */
static int32_t energy_factor_q20(uint64_t before, uint64_t after) {
  if (after == 0 || before == after) return PN_Q20_ONE;
  const uint64_t limit_q20 = 64 * PN_Q20_ONE;
  uint64_t x_q20 = (before << 20) / after;
  if (x_q20 > limit_q20) x_q20 = limit_q20;
  const uint64_t numerator_q36 = x_q20 * (65536 + BETA_Q16);
  const uint64_t denominator_q36 = ((uint64_t)1 << 36) + ((x_q20 * x_q20 * BETA_Q16) >> 20);
  return pn_sqrt_ratio_q20(numerator_q36, denominator_q36, MAX_BOOST_Q20);
}

/* Square of a gain up to 1 in Q22. */
static uint64_t square_q22(int32_t gain_q20) {
  return (uint64_t)pn_round_shift64((int64_t)gain_q20 * gain_q20, 18);
}

void pn_envelope_postfilter(const uint64_t energy[PN_BANDS], const int32_t gain_q20[PN_BANDS],
                            int32_t filtered_q20[PN_BANDS]) {
  const int shift = energy_shift(energy);
  uint64_t before = 0, after = 0;
  for (int b = 0; b < PN_BANDS; b++) {
    const int64_t sine_q30 = pn_sine_quarter_q30(gain_q20[b]);
    const int32_t warped = (int32_t)pn_round_shift64(gain_q20[b] * sine_q30, 30);
    const uint64_t band = energy[b] >> shift;
    before += band * square_q22(gain_q20[b]);
    after += band * square_q22(warped);
    filtered_q20[b] = warped;
  }
  const int excess = pn_max32(20 - pn_clz64(before), 0);
  const int32_t factor_q20 = energy_factor_q20(before >> excess, after >> excess);
  for (int b = 0; b < PN_BANDS; b++) filtered_q20[b] = mul_q20(filtered_q20[b], factor_q20);
}

/* Z = (1 - r) Y + r c P, where c brings the comb's output to the level of Y in each band. */
static void filter_pitch(const pn_frame *frame, const int32_t *strength_q20,
                         pn_postfilter_scratch *scratch) {
  int32_t comb_band_q20[PN_BANDS];
  for (int b = 0; b < PN_BANDS; b++) {
    const int32_t level_q20 =
        pn_sqrt_ratio_q20(frame->noisy_energy[b], frame->comb_energy[b], MAX_LEVEL_Q20);
    comb_band_q20[b] = mul_q20(strength_q20[b], level_q20);
  }
  pn_band_interpolate(strength_q20, scratch->strength_q20);
  pn_band_interpolate(comb_band_q20, scratch->comb_q20);
  const pn_spectrum *y = &frame->noisy, *p = &frame->comb;
  pn_spectrum *z = &scratch->cleaned;
  for (int k = 0; k < PN_BINS; k++) {
    const int32_t keep_q20 = PN_Q20_ONE - scratch->strength_q20[k];
    const int32_t comb_q20 = scratch->comb_q20[k];
    z->re[k] = (int32_t)pn_round_shift64(
        (int64_t)y->re[k] * keep_q20 + (int64_t)p->re[k] * comb_q20, 20);
    z->im[k] = (int32_t)pn_round_shift64(
        (int64_t)y->im[k] * keep_q20 + (int64_t)p->im[k] * comb_q20, 20);
  }
}

/* Gains that give each band of Z the magnitude wanted of it. */
static void rescale_bands(const pn_frame *frame, int32_t wanted_q20[PN_BANDS],
                          pn_postfilter_scratch *scratch) {
  uint64_t energy[PN_BANDS];
  pn_band_energy(&scratch->cleaned, energy);
  for (int b = 0; b < PN_BANDS; b++) {
    const int32_t level_q20 = pn_sqrt_ratio_q20(frame->noisy_energy[b], energy[b], MAX_LEVEL_Q20);
    wanted_q20[b] = mul_q20(wanted_q20[b], level_q20);
  }
  pn_band_interpolate(wanted_q20, scratch->gain_q20);
}

void pn_postfilter_run(pn_postfilter *postfilter, const pn_frame *frame, const uint16_t *gain_q15,
                       const uint16_t *strength_q15, int32_t floor_q15,
                       pn_postfilter_scratch *scratch) {
  int32_t gain[PN_BANDS], strength[PN_BANDS], wanted[PN_BANDS];
  for (int b = 0; b < PN_BANDS; b++) {
    gain[b] = gain_q15[b] << 5;
    /* An attenuation limit leaves that share of the input as it is. */
    strength[b] = pn_min32(strength_q15[b], PN_Q15_ONE - floor_q15) << 5;
  }
  pn_decay_floor(postfilter, frame, gain);
  pn_envelope_postfilter(frame->noisy_energy, gain, wanted);
  for (int b = 0; b < PN_BANDS; b++) wanted[b] = pn_max32(wanted[b], floor_q15 << 5);
  filter_pitch(frame, strength, scratch);
  rescale_bands(frame, wanted, scratch);
}

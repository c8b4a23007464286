/* SPDX-License-Identifier: Apache-2.0 */
/* From the network's band gains and comb strengths to the cleaned spectrum: gain-decay floor,
 * envelope post-filter, pitch filter and band rescale. */
#ifndef PN_POSTFILTER_H
#define PN_POSTFILTER_H

#include <stdint.h>

#include "frontend.h"
#include "network.h"

typedef struct pn_postfilter {
  int32_t gain_q20[PN_BANDS];         /* of the previous frame, after its decay floor */
  uint64_t noisy_energy[PN_BANDS];    /* of the previous frame */
  int scale;
} pn_postfilter;

typedef struct pn_postfilter_scratch {
  pn_spectrum cleaned;           /* Z, at the frame's scale */
  int32_t gain_q20[PN_BINS];     /* to be applied to Z, 0..3.8 */
  int32_t strength_q20[PN_BINS]; /* r */
  int32_t comb_q20[PN_BINS];     /* r c, 0..2 */
} pn_postfilter_scratch;

void pn_postfilter_reset(pn_postfilter *postfilter);

/* Fills scratch->cleaned and scratch->gain_q20 for the synthesis of frame.
 * gain_q15, strength_q15: the network's, 0..32768; floor_q15: least gain of a band, 0..32768
 * (the attenuation limit). */
void pn_postfilter_run(pn_postfilter *postfilter, const pn_frame *frame, const uint16_t *gain_q15,
                       const uint16_t *strength_q15, int32_t floor_q15,
                       pn_postfilter_scratch *scratch);

/* The steps, for tests. */

/* Raise gain so that the output falls by at most half the previous level (RT60 = 100 ms), less
 * where the input itself rose, so that a transient does not leak. */
void pn_decay_floor(pn_postfilter *postfilter, const pn_frame *frame, int32_t gain_q20[PN_BANDS]);

/* g sin(pi/2 g) times the factor that gives the frame its energy back (beta = 0.02, at most
 * 5.6 dB); gains 0..1, result 0..1.9. */
void pn_envelope_postfilter(const uint64_t energy[PN_BANDS], const int32_t gain_q20[PN_BANDS],
                            int32_t filtered_q20[PN_BANDS]);

#endif

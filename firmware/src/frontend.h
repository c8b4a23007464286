/* SPDX-License-Identifier: Apache-2.0 */
/* From samples to network features: analysis of the arriving frame t, pitch and comb filter of
 * the frame l = t - 2 that will be synthesised. */
#ifndef PN_FRONTEND_H
#define PN_FRONTEND_H

#include <stdint.h>

#include "comb.h"
#include "model_image.h"
#include "percepnet/percepnet.h"
#include "pitch.h"
#include "stft.h"

#define PN_PAST_SAMPLES (PN_COMB_PERIODS * PN_PERIOD_MAX)
#define PN_HISTORY (PN_PAST_SAMPLES + PN_WINDOW + PN_LOOK_AHEAD_SAMPLES)
#define PN_SPECTRA (PN_LOOK_AHEAD_FRAMES + 1)

typedef struct pn_frontend {
  const pn_kernels *kernels;
  int16_t history[PN_HISTORY]; /* newest sample last */
  pn_pitch pitch;
  pn_spectrum spectrum[PN_SPECTRA]; /* of frames t, t-1, t-2, at index frame modulo 3 */
  int scale[PN_SPECTRA];
  int newest; /* index of frame t */
} pn_frontend;

/* All that synthesis needs of frame l. */
typedef struct pn_frame {
  pn_spectrum noisy;               /* Y */
  pn_spectrum comb;                /* P, same scale */
  uint64_t noisy_energy[PN_BANDS]; /* at that scale */
  uint64_t comb_energy[PN_BANDS];
  int32_t coherence_q15[PN_BANDS]; /* of Y and P, -32767..32767 */
  pn_pitch_estimate pitch;
  int scale;
  int16_t delayed[PN_HOP]; /* the input samples that leave the library with this frame */
} pn_frame;

typedef struct pn_frontend_scratch {
  pn_stft_scratch stft;
  pn_pitch_scratch pitch;
  int32_t samples[PN_WINDOW];
  int32_t comb_q15[PN_WINDOW];
} pn_frontend_scratch;

/* A front end in silence. */
void pn_frontend_init(pn_frontend *frontend, const pn_kernels *kernels);

/* Forget all audio. */
void pn_frontend_reset(pn_frontend *frontend);

/* The stages in order; each takes what the one before left. Split so that they can be timed. */

/* Take in a hop: STFT of frame t; features 0..33 = log2(1 + E_b) in Q9. */
void pn_frontend_analyse(pn_frontend *frontend, const int16_t hop[PN_HOP],
                         int16_t features[PN_FEATURES], pn_frontend_scratch *scratch);

/* Period of frame l. */
void pn_frontend_pitch(pn_frontend *frontend, pn_frame *frame, pn_frontend_scratch *scratch);

/* Comb filter of frame l with frame->pitch; spectra of both at one scale, energies, coherence. */
void pn_frontend_comb(pn_frontend *frontend, pn_frame *frame, pn_frontend_scratch *scratch);

/* Features 34..69 from the frame: coherences Q15, period in samples, correlation Q15. */
void pn_frontend_features(const pn_frame *frame, int16_t features[PN_FEATURES]);

/* log2(1 + energy) in Q9 of a band energy at 2^scale, in PCM units: 0..32767. */
int16_t pn_log_energy_q9(uint64_t energy, int scale);

#endif

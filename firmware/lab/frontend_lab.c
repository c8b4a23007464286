/* SPDX-License-Identifier: Apache-2.0 */
/* Front end for the host's training and tests: whole recordings at a time, through the code that
 * runs on the device. */
#include <stdlib.h>

#include "bands.h"
#include "frontend.h"
#include "math_fixed.h"

#if defined(__GNUC__) || defined(__clang__)
#define PN_LAB_API __attribute__((visibility("default")))
#else
#define PN_LAB_API
#endif

typedef struct pn_lab_frontend {
  pn_frontend frontend;
  pn_frame frame;
  pn_frontend_scratch scratch;
} pn_lab_frontend;

/* Features of one hop. period > 0 takes the place of the pitch search's result. */
static void run_hop(pn_lab_frontend *lab, const int16_t *hop, int32_t period, int16_t *features) {
  pn_frontend_analyse(&lab->frontend, hop, features, &lab->scratch);
  if (period > 0) {
    lab->frame.pitch.period = period;
    lab->frame.pitch.correlation_q15 = 0;
  } else {
    pn_frontend_pitch(&lab->frontend, &lab->frame, &lab->scratch);
  }
  pn_frontend_comb(&lab->frontend, &lab->frame, &lab->scratch);
  pn_frontend_features(&lab->frame, features);
}

/* features[frames][70] of samples[frames * 480]; 0, or -1 when memory is short. */
PN_LAB_API int pn_lab_features(const int16_t *samples, int64_t frames, int16_t *features) {
  pn_lab_frontend *lab = malloc(sizeof *lab);
  if (lab == NULL) return -1;
  pn_frontend_init(&lab->frontend, pn_kernels_select(PN_KERNEL_AUTO, NULL));
  for (int64_t t = 0; t < frames; t++) {
    run_hop(lab, samples + t * PN_HOP, 0, features + t * PN_FEATURES);
  }
  free(lab);
  return 0;
}

static void log_energies(const pn_lab_frontend *lab, int16_t *log_q9) {
  for (int b = 0; b < PN_BANDS; b++) {
    log_q9[b] = pn_log_energy_q9(lab->frame.noisy_energy[b], lab->frame.scale);
  }
}

/* Cosine of the noisy spectrum and the target's comb spectrum of the same frame; a cosine does
 * not see that the two carry different scales. */
static void mixed_coherence(const pn_lab_frontend *noisy, const pn_lab_frontend *target,
                            int16_t *coherence_q15) {
  int64_t correlation[PN_BANDS];
  pn_band_correlation(&noisy->frame.noisy, &target->frame.comb, correlation);
  for (int b = 0; b < PN_BANDS; b++) {
    coherence_q15[b] = (int16_t)pn_cosine_q15(correlation[b], noisy->frame.noisy_energy[b],
                                              target->frame.comb_energy[b]);
  }
}

/* What training targets are made of, in arrival order: row t holds the features at hop t and the
 * band data of frame t - 2, all with the noisy signal's period. Shapes: features [frames][70],
 * the four band arrays [frames][34], future_taps [frames]. */
PN_LAB_API int pn_lab_training_frames(const int16_t *noisy, const int16_t *target, int64_t frames,
                                      int16_t *features, int16_t *energy_noisy_q9,
                                      int16_t *energy_target_q9, int16_t *coherence_target_q15,
                                      int16_t *coherence_noisy_q15, uint8_t *future_taps) {
  int16_t unused[PN_FEATURES];
  pn_lab_frontend *lab = malloc(2 * sizeof *lab);
  if (lab == NULL) return -1;
  for (int i = 0; i < 2; i++) {
    pn_frontend_init(&lab[i].frontend, pn_kernels_select(PN_KERNEL_AUTO, NULL));
  }
  for (int64_t t = 0; t < frames; t++) {
    const int64_t row = t * PN_BANDS;
    run_hop(&lab[0], noisy + t * PN_HOP, 0, features + t * PN_FEATURES);
    const int32_t period = lab[0].frame.pitch.period;
    run_hop(&lab[1], target + t * PN_HOP, period, unused);
    log_energies(&lab[0], energy_noisy_q9 + row);
    log_energies(&lab[1], energy_target_q9 + row);
    for (int b = 0; b < PN_BANDS; b++) {
      coherence_target_q15[row + b] = (int16_t)lab[1].frame.coherence_q15[b];
    }
    mixed_coherence(&lab[0], &lab[1], coherence_noisy_q15 + row);
    future_taps[t] = (uint8_t)pn_comb_future(period);
  }
  free(lab);
  return 0;
}

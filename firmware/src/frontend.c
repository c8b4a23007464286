/* SPDX-License-Identifier: Apache-2.0 */
#include "frontend.h"

#include <string.h>

#include "bands.h"
#include "fixed_point.h"
#include "math_fixed.h"

/* The window of frame l starts here in the history: hops l-1 and l. */
#define WINDOW_START PN_PAST_SAMPLES

void pn_frontend_init(pn_frontend *frontend, const pn_kernels *kernels) {
  memset(frontend, 0, sizeof *frontend);
  frontend->kernels = kernels;
  pn_frontend_reset(frontend);
}

void pn_frontend_reset(pn_frontend *frontend) {
  memset(frontend->history, 0, sizeof frontend->history);
  memset(frontend->spectrum, 0, sizeof frontend->spectrum);
  frontend->newest = 0;
  pn_pitch_reset(&frontend->pitch);
  for (int i = 0; i < PN_SPECTRA; i++) frontend->scale[i] = PN_SCALE_MAX;
}

static void push_hop(pn_frontend *frontend, const int16_t *hop) {
  memmove(frontend->history, frontend->history + PN_HOP,
          (PN_HISTORY - PN_HOP) * sizeof *frontend->history);
  memcpy(frontend->history + PN_HISTORY - PN_HOP, hop, PN_HOP * sizeof *hop);
}

int16_t pn_log_energy_q9(uint64_t energy, int scale) {
  /* log2(E 2^-2s + 1) = log2(E + 2^2s) - 2s; E < 2^63 leaves room for the sum. */
  const int32_t log_q15 = pn_log2_q15(energy + ((uint64_t)1 << (2 * scale)));
  return (int16_t)pn_round_shift32(log_q15 - 2 * scale * 32768, 6);
}

void pn_frontend_analyse(pn_frontend *frontend, const int16_t hop[PN_HOP],
                         int16_t features[PN_FEATURES], pn_frontend_scratch *scratch) {
  uint64_t energy[PN_BANDS];
  uint32_t peak = 0;
  push_hop(frontend, hop);
  frontend->newest = (frontend->newest + 1) % PN_SPECTRA;
  const int16_t *window = frontend->history + PN_HISTORY - PN_WINDOW;
  for (int n = 0; n < PN_WINDOW; n++) {
    const uint32_t magnitude = (uint32_t)pn_abs32(window[n]);
    peak = magnitude > peak ? magnitude : peak;
  }
  const int scale = pn_stft_scale(peak << 15);
  for (int n = 0; n < PN_WINDOW; n++) scratch->samples[n] = pn_shl32(window[n], scale);
  pn_spectrum *spectrum = &frontend->spectrum[frontend->newest];
  pn_stft_forward(frontend->kernels, scratch->samples, spectrum, &scratch->stft);
  frontend->scale[frontend->newest] = scale;
  pn_band_energy(spectrum, energy);
  for (int b = 0; b < PN_BANDS; b++) features[b] = pn_log_energy_q9(energy[b], scale);
}

void pn_frontend_pitch(pn_frontend *frontend, pn_frame *frame, pn_frontend_scratch *scratch) {
  frame->pitch = pn_pitch_track(&frontend->pitch, frontend->history, PN_HISTORY,
                                WINDOW_START + PN_WINDOW, &scratch->pitch);
}

/* The comb output as spectrum samples; returns its scale. */
static int comb_samples(const int16_t *window, int32_t period, pn_frontend_scratch *scratch) {
  uint32_t peak_q15 = 0;
  pn_comb_filter(window, period, scratch->comb_q15);
  for (int n = 0; n < PN_WINDOW; n++) {
    const uint32_t magnitude = (uint32_t)pn_abs32(scratch->comb_q15[n]);
    peak_q15 = magnitude > peak_q15 ? magnitude : peak_q15;
  }
  return pn_stft_scale(peak_q15);
}

static void copy_scaled_down(const pn_spectrum *from, int shift, pn_spectrum *to) {
  if (shift == 0) {
    *to = *from;
    return;
  }
  for (int k = 0; k < PN_BINS; k++) {
    to->re[k] = pn_round_shift32(from->re[k], shift);
    to->im[k] = pn_round_shift32(from->im[k], shift);
  }
}

void pn_frontend_comb(pn_frontend *frontend, pn_frame *frame, pn_frontend_scratch *scratch) {
  int64_t correlation[PN_BANDS];
  const int16_t *window = frontend->history + WINDOW_START;
  const int oldest = (frontend->newest + 1) % PN_SPECTRA;
  const int comb_scale = comb_samples(window, frame->pitch.period, scratch);
  /* One scale for both spectra, so that they can be mixed and compared without shifts. */
  frame->scale = pn_min32(comb_scale, frontend->scale[oldest]);
  for (int n = 0; n < PN_WINDOW; n++) {
    scratch->samples[n] = pn_round_shift32(scratch->comb_q15[n], 15 - frame->scale);
  }
  pn_stft_forward(frontend->kernels, scratch->samples, &frame->comb, &scratch->stft);
  copy_scaled_down(&frontend->spectrum[oldest], frontend->scale[oldest] - frame->scale,
                   &frame->noisy);
  pn_band_energy(&frame->noisy, frame->noisy_energy);
  pn_band_energy(&frame->comb, frame->comb_energy);
  pn_band_correlation(&frame->noisy, &frame->comb, correlation);
  for (int b = 0; b < PN_BANDS; b++) {
    frame->coherence_q15[b] =
        pn_cosine_q15(correlation[b], frame->noisy_energy[b], frame->comb_energy[b]);
  }
  memcpy(frame->delayed, window, sizeof frame->delayed);
}

void pn_frontend_features(const pn_frame *frame, int16_t features[PN_FEATURES]) {
  for (int b = 0; b < PN_BANDS; b++) {
    features[PN_BANDS + b] = (int16_t)frame->coherence_q15[b];
  }
  features[2 * PN_BANDS] = (int16_t)frame->pitch.period;
  features[2 * PN_BANDS + 1] = (int16_t)frame->pitch.correlation_q15;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Entry points of the host library for the accuracy tests: the signal path with every decision
 * forced from outside, and the arithmetic beneath it applied to whole arrays. */
#include <stdlib.h>
#include <string.h>

#include "bands.h"
#include "fixed_point.h"
#include "frontend.h"
#include "math_fixed.h"
#include "postfilter.h"
#include "stft.h"
#include "tables.h"

#if defined(__GNUC__) || defined(__clang__)
#define PN_LAB_API __attribute__((visibility("default")))
#else
#define PN_LAB_API
#endif

typedef struct accuracy_lab {
  pn_frontend frontend;
  pn_frame frame;
  pn_frontend_scratch scratch;
  pn_postfilter postfilter;
  pn_postfilter_scratch post_scratch;
  int32_t overlap_q7[PN_HOP];
} accuracy_lab;

/* Finished samples of the hop before rounding: what pn_stft_inverse rounds to 16 bits. */
static void unrounded_hop(const int32_t *before_q7, const pn_complex_block *z, int shift,
                          int32_t *hop_q7) {
  for (int n = 0; n < PN_HOP; n++) {
    const int32_t sample = n & 1 ? z->re[n / 2] : z->im[n / 2];
    const int32_t value = pn_mul_q31(sample, pn_window_q31[n]);
    hop_q7[n] = before_q7[n] + (shift > 0 ? pn_round_shift32(value, shift) : pn_shl32(value, -shift));
  }
}

/* The signal path on samples[frames * 480] with the network replaced by gains and strengths
 * [frames][34] Q15 and, where periods is not NULL, the pitch search by periods[frames].
 * Results, each of row t for arrival hop t: out[frames * 480], the same before rounding in Q7,
 * features[frames][70]. Returns 0, or -1 when memory is short. */
PN_LAB_API int pn_lab_enhance(const int16_t *samples, int64_t frames, const int32_t *periods,
                              const uint16_t *gain_q15, const uint16_t *strength_q15,
                              int32_t floor_q15, int16_t *out, int32_t *out_q7,
                              int16_t *features) {
  int32_t before_q7[PN_HOP];
  accuracy_lab *lab = calloc(1, sizeof *lab);
  if (lab == NULL) return -1;
  pn_frontend_init(&lab->frontend, pn_kernels_select(PN_KERNEL_AUTO, NULL));
  pn_postfilter_reset(&lab->postfilter);
  for (int64_t t = 0; t < frames; t++) {
    int16_t *row = features + t * PN_FEATURES;
    pn_frontend_analyse(&lab->frontend, samples + t * PN_HOP, row, &lab->scratch);
    pn_frontend_pitch(&lab->frontend, &lab->frame, &lab->scratch);
    if (periods != NULL) lab->frame.pitch.period = periods[t];
    pn_frontend_comb(&lab->frontend, &lab->frame, &lab->scratch);
    pn_frontend_features(&lab->frame, row);
    pn_postfilter_run(&lab->postfilter, &lab->frame, gain_q15 + t * PN_BANDS,
                      strength_q15 + t * PN_BANDS, floor_q15, &lab->post_scratch);
    memcpy(before_q7, lab->overlap_q7, sizeof before_q7);
    const int shift = pn_stft_inverse(
        lab->frontend.kernels, &lab->post_scratch.cleaned, lab->post_scratch.gain_q20,
        lab->frame.scale, lab->overlap_q7, out + t * PN_HOP, &lab->scratch.stft);
    unrounded_hop(before_q7, &lab->scratch.stft.b, shift, out_q7 + t * PN_HOP);
  }
  free(lab);
  return 0;
}

/* 480-point complex transform of re + i im in place. */
PN_LAB_API void pn_lab_fft_480(int32_t *re, int32_t *im) {
  pn_complex_block x, y;
  memcpy(x.re, re, sizeof x.re);
  memcpy(x.im, im, sizeof x.im);
  pn_fft_480(&x, &y);
  memcpy(re, y.re, sizeof y.re);
  memcpy(im, y.im, sizeof y.im);
}

/* Windowed spectrum of 960 samples, scaled by 2^result. */
PN_LAB_API int pn_lab_spectrum(const int16_t *window, int32_t *re, int32_t *im) {
  int32_t samples[PN_WINDOW];
  pn_stft_scratch scratch;
  pn_spectrum bins;
  int32_t peak = 0;
  for (int n = 0; n < PN_WINDOW; n++) peak = pn_max32(peak, pn_abs32(window[n]));
  const int scale = pn_stft_scale((uint32_t)peak << 15);
  for (int n = 0; n < PN_WINDOW; n++) samples[n] = pn_shl32(window[n], scale);
  pn_stft_forward(pn_kernels_select(PN_KERNEL_AUTO, NULL), samples, &bins, &scratch);
  memcpy(re, bins.re, sizeof bins.re);
  memcpy(im, bins.im, sizeof bins.im);
  return scale;
}

/* Post-filter of one frame: 34 energies and gains Q20 to filtered gains Q20. */
PN_LAB_API void pn_lab_envelope_postfilter(const uint64_t *energy, const int32_t *gain_q20,
                                           int32_t *filtered_q20) {
  pn_envelope_postfilter(energy, gain_q20, filtered_q20);
}

/* Each of the following applies one helper to n elements. */

PN_LAB_API void pn_lab_mul_q31(const int32_t *a, const int32_t *b, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_mul_q31(a[i], b[i]);
}

PN_LAB_API void pn_lab_mul_q15(const int32_t *a, const int32_t *b, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_mul_q15(a[i], b[i]);
}

PN_LAB_API void pn_lab_round_shift32(const int32_t *x, const int32_t *bits, int64_t n,
                                     int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_round_shift32(x[i], bits[i]);
}

PN_LAB_API void pn_lab_round_shift64(const int64_t *x, const int32_t *bits, int64_t n,
                                     int64_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_round_shift64(x[i], bits[i]);
}

PN_LAB_API void pn_lab_sat16(const int32_t *x, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_sat16(x[i]);
}

PN_LAB_API void pn_lab_sat32(const int64_t *x, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_sat32(x[i]);
}

PN_LAB_API void pn_lab_clz64(const uint64_t *x, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_clz64(x[i]);
}

PN_LAB_API void pn_lab_log2_q15(const uint64_t *x, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_log2_q15(x[i]);
}

PN_LAB_API void pn_lab_isqrt32(const uint32_t *x, int64_t n, uint32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_isqrt32(x[i]);
}

PN_LAB_API void pn_lab_sqrt_ratio_q20(const uint64_t *numerator, const uint64_t *denominator,
                                      const int32_t *max_q20, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) {
    out[i] = pn_sqrt_ratio_q20(numerator[i], denominator[i], max_q20[i]);
  }
}

PN_LAB_API void pn_lab_cosine_q15(const int64_t *cross, const uint64_t *energy_a,
                                  const uint64_t *energy_b, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_cosine_q15(cross[i], energy_a[i], energy_b[i]);
}

PN_LAB_API void pn_lab_shift_energy(const uint64_t *x, const int32_t *shift, int64_t n,
                                    uint64_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_shift_energy(x[i], shift[i]);
}

PN_LAB_API void pn_lab_sine_quarter_q30(const int32_t *x_q20, int64_t n, int32_t *out) {
  for (int64_t i = 0; i < n; i++) out[i] = pn_sine_quarter_q30(x_q20[i]);
}

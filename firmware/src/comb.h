/* SPDX-License-Identifier: Apache-2.0 */
/* Comb filter: a Hann-weighted mean of the signal over up to five periods each side, which keeps
 * what repeats with the period and attenuates noise by 6.5 to 9 dB. */
#ifndef PN_COMB_H
#define PN_COMB_H

#include <stdint.h>

#include "stft.h"

#define PN_COMB_PERIODS 5
#define PN_LOOK_AHEAD_SAMPLES 960

/* Future periods that fit the look-ahead: 1..5 for periods 96..768. */
int pn_comb_future(int32_t period);

/* out_q15[n] = sum over k of w_k window[n + k period], weights Q15 with sum 1, |out| <= 2^30.
 * window: 960 samples with 5 * 768 samples before and 960 after them. */
void pn_comb_filter(const int16_t *window, int32_t period, int32_t out_q15[PN_WINDOW]);

#endif

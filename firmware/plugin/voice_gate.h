/* SPDX-License-Identifier: Apache-2.0 */
/* Fades from the cleaned signal to the unprocessed one, lowered by the attenuation limit, while
 * nobody speaks. The limit holds for the gate as well: 100 dB is silence, 0 dB the input. */
#ifndef PN_VOICE_GATE_H
#define PN_VOICE_GATE_H

#include <stdint.h>

#include "percepnet/percepnet.h"

#define PN_VOICE_GATE_HOLD_HOPS 20 /* 200 ms without voice before the gate closes */
#define PN_VOICE_GATE_FADE_HOPS 10 /* 100 ms to close; it opens within one hop */

typedef struct pn_voice_gate {
  int16_t dry[PN_DELAY_SAMPLES]; /* ring of the latest input */
  int dry_at;
  int quiet_hops;
  int32_t open_q15;       /* 0 closed, 32768 open */
  int32_t wet_weight_q15; /* weights at the end of the latest hop */
  int32_t dry_weight_q15;
} pn_voice_gate;

/* Open, with silence as the latest input. */
void pn_voice_gate_reset(pn_voice_gate *gate);

/* One hop. in: input of the denoiser; hop: its output, replaced. threshold_q15: least voice
 * probability that keeps the gate open, 0 always does; limit_db: 0..100. */
void pn_voice_gate_process(pn_voice_gate *gate, const int16_t in[PN_FRAME_SAMPLES],
                           int16_t hop[PN_FRAME_SAMPLES], int32_t voice_q15,
                           int32_t threshold_q15, int limit_db);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "voice_gate.h"

#include <string.h>

#include "fixed_point.h"
#include "tables.h"

#define FADE_STEP_Q15 ((PN_Q15_ONE + PN_VOICE_GATE_FADE_HOPS - 1) / PN_VOICE_GATE_FADE_HOPS)

_Static_assert(PN_DELAY_SAMPLES % PN_FRAME_SAMPLES == 0, "the ring holds whole hops");

void pn_voice_gate_reset(pn_voice_gate *gate) {
  memset(gate, 0, sizeof *gate);
  gate->open_q15 = PN_Q15_ONE;
  gate->wet_weight_q15 = PN_Q15_ONE;
}

static void move(pn_voice_gate *gate, int32_t voice_q15, int32_t threshold_q15) {
  if (voice_q15 >= threshold_q15) {
    gate->quiet_hops = 0;
    gate->open_q15 = PN_Q15_ONE;
  } else if (gate->quiet_hops < PN_VOICE_GATE_HOLD_HOPS) {
    gate->quiet_hops++;
  } else {
    gate->open_q15 = pn_max32(gate->open_q15 - FADE_STEP_Q15, 0);
  }
}

/* From start towards end, reached with the last sample of the hop. */
static int32_t ramp(int32_t start, int32_t end, int sample) {
  return start + (end - start) * (sample + 1) / PN_FRAME_SAMPLES;
}

void pn_voice_gate_process(pn_voice_gate *gate, const int16_t in[PN_FRAME_SAMPLES],
                           int16_t hop[PN_FRAME_SAMPLES], int32_t voice_q15,
                           int32_t threshold_q15, int limit_db) {
  int16_t *dry = gate->dry + gate->dry_at;
  move(gate, voice_q15, threshold_q15);
  const int32_t wet_end = limit_db == 0 ? 0 : gate->open_q15;
  const int32_t dry_end = pn_mul_q15(PN_Q15_ONE - wet_end, pn_attenuation_q15[limit_db]);
  for (int i = 0; i < PN_FRAME_SAMPLES; i++) {
    const int32_t wet_part = ramp(gate->wet_weight_q15, wet_end, i) * hop[i];
    const int32_t dry_part = ramp(gate->dry_weight_q15, dry_end, i) * dry[i];
    hop[i] = (int16_t)pn_sat16((int32_t)pn_round_shift64((int64_t)wet_part + dry_part, 15));
  }
  gate->wet_weight_q15 = wet_end;
  gate->dry_weight_q15 = dry_end;
  memcpy(dry, in, PN_FRAME_SAMPLES * sizeof *dry);
  gate->dry_at = (gate->dry_at + PN_FRAME_SAMPLES) % PN_DELAY_SAMPLES;
}

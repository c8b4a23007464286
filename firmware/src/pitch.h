/* SPDX-License-Identifier: Apache-2.0 */
/* Pitch period by normalised correlation and a Viterbi search over the look-ahead.
 *
 * Coarse search on a 12 kHz signal freed of DC, rumble and hum, lags 24..192 (500..62.5 Hz); the best path up
 * to the newest frame is traced back two frames, and that lag is refined at 48 kHz. */
#ifndef PN_PITCH_H
#define PN_PITCH_H

#include <stdint.h>

#define PN_PERIOD_MIN 96
#define PN_PERIOD_MAX 768
#define PN_LAG_MIN 24
#define PN_LAG_MAX 192
#define PN_LAGS (PN_LAG_MAX - PN_LAG_MIN + 1)
#define PN_DRIFT_LAGS 4 /* largest change of lag per frame that is no jump */
#define PN_DECIMATED_HOP 120
#define PN_DECIMATED_WINDOW 240
#define PN_DECIMATED_HISTORY (PN_LAG_MAX + PN_DECIMATED_WINDOW)
#define PN_LOOK_AHEAD_FRAMES 2
#define PN_DECIMATOR_TAPS 32

/* Samples before the refined frame's window that the refinement reads. */
#define PN_REFINE_WINDOW 960

typedef struct pn_viterbi_scratch {
  int32_t before[PN_LAGS + 2 * PN_DRIFT_LAGS];
  int32_t drift[PN_LAGS];
} pn_viterbi_scratch;

typedef struct pn_pitch_scratch {
  int16_t samples[PN_REFINE_WINDOW + PN_PERIOD_MAX];
  int32_t correlation[PN_LAGS];
  int32_t guarded[PN_LAGS];
  pn_viterbi_scratch viterbi;
} pn_pitch_scratch;

typedef struct pn_pitch {
  int32_t decimated_q8[PN_DECIMATED_HISTORY]; /* newest last, high-passed */
  int32_t last_q8;                            /* newest sample before the high-pass */
  int32_t score_q14[PN_LAGS];                 /* Viterbi scores, the best one is 0 */
  uint8_t came_from[PN_LOOK_AHEAD_FRAMES][PN_LAGS]; /* back-pointers, newest first */
} pn_pitch;

typedef struct pn_pitch_estimate {
  int32_t period;          /* PN_PERIOD_MIN..PN_PERIOD_MAX samples at 48 kHz */
  int32_t correlation_q15; /* 0..32767 at that period */
} pn_pitch_estimate;

/* Silence before the first frame. */
void pn_pitch_reset(pn_pitch *pitch);

/* Take in a new hop and return the period of the frame two hops back.
 * history: newest sample at history[length - 1], holding at least 480 + 31 samples before the end
 * for the decimator; window_end: index just behind the window of the frame to estimate, with
 * 960 + 768 samples before it. */
pn_pitch_estimate pn_pitch_track(pn_pitch *pitch, const int16_t *history, int length,
                                 int window_end, pn_pitch_scratch *scratch);

#endif

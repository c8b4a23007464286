/* SPDX-License-Identifier: Apache-2.0 */
#include "pitch.h"

#include <string.h>

#include "fixed_point.h"
#include "stft.h"
#include "tables.h"

#define DC_BLOCKER_SHIFT 3       /* pole at 7/8: corner near 250 Hz at 12 kHz */
#define JUMP_COST_Q14 11469      /* 0.7: any change of lag beyond DRIFT_LAGS */
#define DRIFT_COST_Q14 328       /* 0.02 (change of lag)^2 */
#define DRIFT_LAGS PN_DRIFT_LAGS
#define NEVER (-(1 << 30))       /* score of a lag that does not exist */
#define DECIMATED_PEAK_BITS 11   /* 2 * 240 * 2047^2 < 2^31 */
#define REFINE_PEAK_BITS 10      /* 2 * 960 * 1023^2 < 2^31 */
#define JUMPED (PN_LAGS)         /* marks a lag reached by a jump from the best one */
#define REFINE_REACH 3

void pn_pitch_reset(pn_pitch *pitch) { memset(pitch, 0, sizeof *pitch); }

static int32_t dot(const int16_t *a, const int16_t *b, int n) {
  int32_t sum = 0;
  for (int i = 0; i < n; i++) sum += (int32_t)a[i] * b[i];
  return sum;
}

/* Low-pass, decimate by four and remove DC from the newest hop. end points behind it.
 * High-pass: v(n) = d(n) - d(n-1) + 7/8 v(n-1), |v| <= 2 max |d| = 2^24. */
static void decimate(pn_pitch *pitch, const int16_t *end) {
  int32_t *out = pitch->decimated_q8 + PN_DECIMATED_HISTORY - PN_DECIMATED_HOP;
  memmove(pitch->decimated_q8, pitch->decimated_q8 + PN_DECIMATED_HOP,
          (PN_DECIMATED_HISTORY - PN_DECIMATED_HOP) * sizeof *out);
  for (int i = 0; i < PN_DECIMATED_HOP; i++) {
    const int16_t *oldest = end - PN_HOP + 4 * i + 4 - PN_DECIMATOR_TAPS;
    out[i] = pn_round_shift32(dot(pn_decimator_q15, oldest, PN_DECIMATOR_TAPS), 7);
  }
  for (int i = 0; i < PN_DECIMATED_HOP; i++) {
    const int32_t value_q8 = out[i], before_q8 = out[i - 1];
    out[i] = value_q8 - pitch->last_q8 + before_q8 - pn_round_shift32(before_q8, DC_BLOCKER_SHIFT);
    pitch->last_q8 = value_q8;
  }
}

/* Scale so that |x| < 2^bits, up or down; values in +-(2^bits - 1). */
static void normalise32(const int32_t *x, int n, int bits, int16_t *out) {
  uint32_t peak = 0;
  for (int i = 0; i < n; i++) peak |= (uint32_t)pn_abs32(x[i]);
  const int shift = 32 - pn_clz32(peak) - bits;
  const int down = pn_max32(shift, 0), up = pn_max32(-shift, 0);
  for (int i = 0; i < n; i++) out[i] = (int16_t)pn_shl32(pn_asr32(x[i], down), up);
}

static void normalise16(const int16_t *x, int n, int bits, int16_t *out) {
  uint32_t peak = 0;
  for (int i = 0; i < n; i++) peak |= (uint32_t)pn_abs32(x[i]);
  const int shift = 32 - pn_clz32(peak) - bits;
  const int down = pn_max32(shift, 0), up = pn_max32(-shift, 0);
  for (int i = 0; i < n; i++) out[i] = (int16_t)pn_shl32(pn_asr32(x[i], down), up);
}

/* 2 cross / (energy_0 + energy_lag + floor) in Q14, -16384..16384. */
static int32_t normalised_q14(int32_t cross, int32_t energies, int32_t floor_energy) {
  return (int32_t)((int64_t)cross * 32768 / ((int64_t)energies + floor_energy));
}

/* Correlation at lags 24..192 over the newest 20 ms, Q14. */
static void correlate(const int16_t *samples, int32_t *correlation_q14) {
  const int16_t *x = samples + PN_LAG_MAX;
  const int32_t energy = dot(x, x, PN_DECIMATED_WINDOW);
  const int16_t *delayed = x - PN_LAG_MIN;
  int32_t energy_lag = dot(delayed, delayed, PN_DECIMATED_WINDOW);
  for (int i = 0; i < PN_LAGS; i++) {
    const int32_t cross = dot(x, delayed - i, PN_DECIMATED_WINDOW);
    correlation_q14[i] = normalised_q14(cross, energy + energy_lag, PN_DECIMATED_WINDOW);
    const int32_t leaving = delayed[PN_DECIMATED_WINDOW - 1 - i], entering = delayed[-1 - i];
    if (i + 1 < PN_LAGS) energy_lag += entering * entering - leaving * leaving;
  }
}

/* A lag whose half correlates nearly as well is taken for a multiple of the period.
 * guarded and correlation are indexed by lag - PN_LAG_MIN and must not overlap. */
static void guard_multiples(const int32_t *correlation_q14, int32_t *guarded_q14) {
  for (int lag = PN_LAG_MIN; lag <= PN_LAG_MAX; lag++) {
    int32_t value = correlation_q14[lag - PN_LAG_MIN];
    if (lag >= 2 * PN_LAG_MIN) {
      const int32_t half = pn_max32(correlation_q14[lag / 2 - PN_LAG_MIN],
                                    correlation_q14[(lag + 1) / 2 - PN_LAG_MIN]);
      /* value < 1.1 half and value > 0: times 0.8 */
      if (value > 0 && 10 * value < 11 * half) value = pn_mul_q15(value, 26214);
    }
    guarded_q14[lag - PN_LAG_MIN] = value;
  }
}

/* Let every lag come from the lag d away where that scores better, and note d.
 * before holds the previous scores, indexed from -DRIFT_LAGS to PN_LAGS - 1 + DRIFT_LAGS. */
static void drift_step(const int32_t *restrict before, int d, int32_t *restrict top,
                       int32_t *restrict drift) {
  const int32_t cost = DRIFT_COST_Q14 * d * d;
  for (int i = 0; i < PN_LAGS; i++) {
    const int32_t candidate = before[i + d] - cost;
    const int32_t better = -(int32_t)(candidate > top[i]); /* all ones or zero */
    drift[i] = (d & better) | (drift[i] & ~better);
    top[i] = pn_max32(candidate, top[i]);
  }
}

static int index_of_largest(const int32_t *x) {
  int best = 0;
  for (int i = 1; i < PN_LAGS; i++) {
    if (x[i] > x[best]) best = i;
  }
  return best;
}

/* One Viterbi step; returns the index of the best lag of the newest frame. */
static int search(pn_pitch *pitch, const int32_t *gain_q14, pn_viterbi_scratch *scratch) {
  int32_t *score = pitch->score_q14, *before = scratch->before + DRIFT_LAGS;
  int32_t *drift = scratch->drift;
  const int start = index_of_largest(score);
  for (int d = 0; d < DRIFT_LAGS; d++) before[-1 - d] = before[PN_LAGS + d] = NEVER;
  memcpy(before, score, PN_LAGS * sizeof *score);
  for (int i = 0; i < PN_LAGS; i++) {
    score[i] = before[start] - JUMP_COST_Q14;
    drift[i] = JUMPED;
  }
  for (int d = -DRIFT_LAGS; d <= DRIFT_LAGS; d++) drift_step(before, d, score, drift);
  memcpy(pitch->came_from[1], pitch->came_from[0], PN_LAGS);
  for (int i = 0; i < PN_LAGS; i++) {
    score[i] += gain_q14[i];
    pitch->came_from[0][i] = (uint8_t)(drift[i] == JUMPED ? start : i + drift[i]);
  }
  const int best = index_of_largest(score);
  const int32_t peak = score[best];
  for (int i = 0; i < PN_LAGS; i++) score[i] -= peak;
  return best;
}

/* Best period within REFINE_REACH of 4 lag on the window that ends before end. */
static pn_pitch_estimate refine(const int16_t *end, int lag, int16_t *samples) {
  pn_pitch_estimate estimate = {PN_PERIOD_MIN, -1};
  int32_t best_q14 = -32768;
  const int16_t *x = samples + PN_PERIOD_MAX;
  normalise16(end - PN_REFINE_WINDOW - PN_PERIOD_MAX, PN_REFINE_WINDOW + PN_PERIOD_MAX,
              REFINE_PEAK_BITS, samples);
  const int32_t energy = dot(x, x, PN_REFINE_WINDOW);
  const int low = pn_max32(4 * lag - REFINE_REACH, PN_PERIOD_MIN);
  const int high = pn_min32(4 * lag + REFINE_REACH, PN_PERIOD_MAX);
  for (int period = low; period <= high; period++) {
    const int32_t energy_lag = dot(x - period, x - period, PN_REFINE_WINDOW);
    const int32_t cross = dot(x, x - period, PN_REFINE_WINDOW);
    const int32_t value_q14 = normalised_q14(cross, energy + energy_lag, 1);
    if (value_q14 > best_q14) {
      best_q14 = value_q14;
      estimate.period = period;
    }
  }
  estimate.correlation_q15 = pn_min32(2 * pn_max32(best_q14, 0), 32767);
  return estimate;
}

pn_pitch_estimate pn_pitch_track(pn_pitch *pitch, const int16_t *history, int length,
                                 int window_end, pn_pitch_scratch *scratch) {
  decimate(pitch, history + length);
  normalise32(pitch->decimated_q8, PN_DECIMATED_HISTORY, DECIMATED_PEAK_BITS, scratch->samples);
  correlate(scratch->samples, scratch->correlation);
  guard_multiples(scratch->correlation, scratch->guarded);
  const int newest = search(pitch, scratch->guarded, &scratch->viterbi);
  const int middle = pitch->came_from[0][newest];
  const int lag = PN_LAG_MIN + pitch->came_from[1][middle];
  return refine(history + window_end, lag, scratch->samples);
}

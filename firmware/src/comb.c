/* SPDX-License-Identifier: Apache-2.0 */
#include "comb.h"

#include "fixed_point.h"
#include "tables.h"

int pn_comb_future(int32_t period) {
  return pn_min32(PN_COMB_PERIODS, PN_LOOK_AHEAD_SAMPLES / period);
}

void pn_comb_filter(const int16_t *window, int32_t period, int32_t out_q15[PN_WINDOW]) {
  const int future = pn_comb_future(period);
  const int16_t *weight_q15 = pn_comb_weight_q15 + future * (2 * PN_COMB_PERIODS + 1);
  for (int n = 0; n < PN_WINDOW; n++) {
    out_q15[n] = (int32_t)weight_q15[PN_COMB_PERIODS] * window[n];
  }
  for (int k = -PN_COMB_PERIODS; k <= future; k++) {
    const int16_t *shifted = window + k * period;
    const int32_t weight = weight_q15[PN_COMB_PERIODS + k];
    if (k == 0) continue;
    for (int n = 0; n < PN_WINDOW; n++) out_q15[n] += weight * shifted[n];
  }
}

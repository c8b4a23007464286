/* SPDX-License-Identifier: Apache-2.0 */
#include "settle.h"

#include "fixed_point.h"
#include "model_image.h"

#define LARGEST_Q24 (32767 * 512)
#define HASH_FACTOR 31u
#define HASH_SPREAD 2654435761u /* 2^32 / golden ratio (Knuth, vol. 3, 6.4) */
#define DUE 0xA5u               /* not 0: features that are all zero are never due */

bool pn_settle_due(const int16_t *features) {
  uint32_t hash = 0;
  for (int i = 0; i < PN_FEATURES; i++) {
    hash = hash * HASH_FACTOR + (uint16_t)features[i];
  }
  return (hash * HASH_SPREAD) >> 24 == DUE;
}

void pn_settle(int32_t *h_q24, int8_t *x8, int units) {
  for (int i = 0; i < units; i++) {
    const int32_t steps = pn_round_shift32(h_q24[i], PN_SETTLE_STEP_BITS_Q24);
    h_q24[i] = pn_min32(pn_shl32(steps, PN_SETTLE_STEP_BITS_Q24), LARGEST_Q24);
    h_q24[i] = pn_max32(h_q24[i], -LARGEST_Q24);
    x8[i] = (int8_t)pn_mul_q15(pn_round_shift32(h_q24[i], 9), 127);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "settle.h"

#include "fixed_point.h"
#include "model_image.h"

#define LARGEST_Q24 (32767 * 512)
#define HASH_FACTOR 31u
#define HASH_SPREAD 2654435761u /* 2^32 / golden ratio (Knuth, vol. 3, 6.4) */
#define KEY_SPREAD 2246822519u  /* a prime unlike it */
#define DUE 0xA5u               /* not 0: features that are all zero are never due */

uint32_t pn_settle_key(const int16_t *features) {
  uint32_t hash = 0;
  for (int i = 0; i < PN_FEATURES; i++) {
    hash = hash * HASH_FACTOR + (uint16_t)features[i];
  }
  return (hash * HASH_SPREAD) >> 24 == DUE ? (hash * KEY_SPREAD) | 1u : 0;
}

void pn_settle(int32_t *h_q24, int8_t *x8, int units, uint32_t key) {
  const int32_t half = 1 << (PN_SETTLE_STEP_BITS - 1);
  for (int i = 0; i < units; i++) {
    const uint32_t spread = key + (uint32_t)i * HASH_SPREAD;
    const int32_t offset = (int32_t)(spread >> (32 - PN_SETTLE_STEP_BITS));
    const int32_t step = pn_asr32(h_q24[i] + offset, PN_SETTLE_STEP_BITS);
    const int32_t middle = pn_shl32(step, PN_SETTLE_STEP_BITS) - offset + half;
    h_q24[i] = pn_max32(-LARGEST_Q24, pn_min32(LARGEST_Q24, middle));
    x8[i] = (int8_t)pn_mul_q15(pn_round_shift32(h_q24[i], 9), 127);
  }
}

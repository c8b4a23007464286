/* SPDX-License-Identifier: Apache-2.0 */
/* Settling: what was heard long ago leaves no bit behind. A contracting network of integers never
 * quite forgets: a difference far below one step of the int8 state now and then flips such a step,
 * and the flip makes new differences. At frames that the features themselves choose, one in 256 on
 * average, every GRU state is rounded to a coarse grid, where two almost equal states become one.
 * The grid lies elsewhere each time, or states near the middle of two points would stay apart. */
#ifndef PN_SETTLE_H
#define PN_SETTLE_H

#include <stdint.h>

#define PN_SETTLE_STEP_BITS 21 /* of the grid in Q24: a step is 1/8 */

/* 0, or where states settle after this frame the key of the grid; a function of its features
 * [PN_FEATURES] alone, so that devices that were started at different times agree. */
uint32_t pn_settle_key(const int16_t *features);

/* Round h_q24 [units], |h_q24| <= 32767 * 2^9, to the middle of its step of the grid, within the
 * same limits, and x8 [units] after it. */
void pn_settle(int32_t *h_q24, int8_t *x8, int units, uint32_t key);

#endif

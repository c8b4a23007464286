/* SPDX-License-Identifier: Apache-2.0 */
/* Settling: what was heard long ago leaves no bit behind. A contracting network of integers never
 * quite forgets: a difference far below one step of the int8 state now and then flips such a step,
 * and the flip makes new differences. At frames that the features themselves choose, one in 256 on
 * average, every GRU state is rounded to a coarse grid, where two almost equal states become one. */
#ifndef PN_SETTLE_H
#define PN_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#define PN_SETTLE_STEP_BITS_Q24 21 /* the grid: multiples of 2^21 in Q24, 1/8 */

/* Whether states settle after this frame; a function of its features [PN_FEATURES] alone, so that
 * devices that were started at different times agree. */
bool pn_settle_due(const int16_t *features);

/* Round h_q24 [units], |h_q24| <= 32767 * 2^9, to the grid (halves up; 1 becomes 32767 * 2^9), and
 * x8 [units] after it. */
void pn_settle(int32_t *h_q24, int8_t *x8, int units);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "activation_tables.h"
#include "arithmetic_neon.h"
#include "kernels_neon.h"

#define ACC_SHIFT 3 /* multipliers are Q28 */

/* Eight values as two registers of int32. */
typedef struct pair {
  int32x4_t low, high;
} pair;

static inline pair load_pair(const int32_t *p) {
  const pair loaded = {vld1q_s32(p), vld1q_s32(p + 4)};
  return loaded;
}

static inline pair add(pair a, pair b) {
  const pair sum = {vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)};
  return sum;
}

static inline pair mul_q31(pair a, pair b) {
  const pair product = {vqrdmulhq_s32(a.low, b.low), vqrdmulhq_s32(a.high, b.high)};
  return product;
}

static inline pair requantise(const int32_t *acc, const int32_t *multiplier) {
  pair shifted = load_pair(acc);
  shifted.low = vshlq_n_s32(shifted.low, ACC_SHIFT);
  shifted.high = vshlq_n_s32(shifted.high, ACC_SHIFT);
  return mul_q31(shifted, load_pair(multiplier));
}

static inline int16x8_t saturate(pair x) {
  return vcombine_s16(vqmovn_s32(x.low), vqmovn_s32(x.high));
}

/* int16 to int32 times 2^16. */
static inline pair widen_high(int16x8_t x) {
  const pair wide = {vshll_n_s16(vget_low_s16(x), 16), vshll_n_s16(vget_high_s16(x), 16)};
  return wide;
}

/* A gate of the sum of both sides, which it takes in Q11. */
static inline int16x8_t gate(const pn_cubic_neon *cubic, pair sum_q12) {
  const int16x8_t sum_q11 =
      vcombine_s16(vqrshrn_n_s32(sum_q12.low, 1), vqrshrn_n_s32(sum_q12.high, 1));
  return vaddq_s16(pn_odd_cubic_neon(cubic, sum_q11), vdupq_n_s16(PN_SIGMOID_CENTRE_Q15));
}

/* h = n + z (h - n), stored; returns it in Q15. */
static inline int16x8_t blend_state(int32_t *h_q24, pair z_q31, int16x8_t n_q15) {
  const pair h = load_pair(h_q24);
  const pair n = {vshll_n_s16(vget_low_s16(n_q15), 9), vshll_n_s16(vget_high_s16(n_q15), 9)};
  const pair difference = {vsubq_s32(h.low, n.low), vsubq_s32(h.high, n.high)};
  const pair next = add(n, mul_q31(difference, z_q31));
  vst1q_s32(h_q24, next.low);
  vst1q_s32(h_q24 + 4, next.high);
  return vcombine_s16(vrshrn_n_s32(next.low, 9), vrshrn_n_s32(next.high, 9));
}

void pn_gru_update_neon(int32_t *h_q24, int8_t *x8, const int32_t *acc_input,
                        const int32_t *acc_recurrent, const pn_gru_scales *scales, int units) {
  const pn_cubic_neon tanh_cubic = pn_load_cubic_neon(pn_tanh_q15);
  const pn_cubic_neon sigmoid_cubic = pn_load_cubic_neon(pn_sigmoid_q15);
  const int16x8_t limit_q15 = vdupq_n_s16(PN_UPDATE_LIMIT_Q15);
  for (int i = 0; i < units; i += 8) {
    pair sum[3], u[3];
    for (int gate = 0; gate < 3; gate++) {
      const int row = gate * units + i;
      sum[gate] = add(requantise(acc_input + row, scales->input_multiplier + row),
                      load_pair(scales->input_bias_q12 + row));
      u[gate] = requantise(acc_recurrent + row, scales->recurrent_multiplier + row);
    }
    u[2] = add(u[2], load_pair(scales->recurrent_bias_q12 + i));
    const int16x8_t z_q15 = vminq_s16(gate(&sigmoid_cubic, add(sum[0], u[0])), limit_q15);
    const int16x8_t r_q15 = gate(&sigmoid_cubic, add(sum[1], u[1]));
    const pair gated = add(sum[2], mul_q31(u[2], widen_high(r_q15)));
    const int16x8_t n_q15 = pn_odd_cubic_neon(&tanh_cubic, saturate(gated));
    const int16x8_t h_q15 = blend_state(h_q24 + i, widen_high(z_q15), n_q15);
    vst1_s8(x8 + i, vmovn_s16(vqrdmulhq_n_s16(h_q15, 127)));
  }
}

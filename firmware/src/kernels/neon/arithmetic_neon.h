/* SPDX-License-Identifier: Apache-2.0 */
/* Activation cubics on NEON registers. Products in Q31 and Q15 are SQRDMULH, the bits of
 * pn_mul_q31 and pn_mul_q15. */
#ifndef PN_ARITHMETIC_NEON_H
#define PN_ARITHMETIC_NEON_H

#include <arm_neon.h>
#include <stdint.h>

#define PN_SIGMOID_CENTRE_Q15 16384

/* One table of 16 coefficients as the 32 bytes that a table look-up takes. */
#if defined(__aarch64__)
typedef uint8x16x2_t pn_lookup_neon;
#else
typedef uint8x8x4_t pn_lookup_neon;
#endif

typedef struct pn_cubic_neon {
  pn_lookup_neon row[4];
} pn_cubic_neon;

static inline pn_lookup_neon pn_load_lookup_neon(const int16_t row[16]) {
  const uint8_t *bytes = (const uint8_t *)row;
  pn_lookup_neon lookup;
#if defined(__aarch64__)
  lookup.val[0] = vld1q_u8(bytes);
  lookup.val[1] = vld1q_u8(bytes + 16);
#else
  for (int i = 0; i < 4; i++) lookup.val[i] = vld1_u8(bytes + 8 * i);
#endif
  return lookup;
}

/* index: byte pairs 2 s, 2 s + 1 for segment s. */
static inline int16x8_t pn_look_up_neon(pn_lookup_neon lookup, uint8x16_t index) {
#if defined(__aarch64__)
  return vreinterpretq_s16_u8(vqtbl2q_u8(lookup, index));
#else
  return vreinterpretq_s16_u8(
      vcombine_u8(vtbl4_u8(lookup, vget_low_u8(index)), vtbl4_u8(lookup, vget_high_u8(index))));
#endif
}

static inline pn_cubic_neon pn_load_cubic_neon(const int16_t table[4][16]) {
  pn_cubic_neon cubic;
  for (int k = 0; k < 4; k++) cubic.row[k] = pn_load_lookup_neon(table[k]);
  return cubic;
}

/* Eight values of pn_odd_cubic_q15, without the sign of the argument. */
static inline int16x8_t pn_cubic_magnitude_neon(const pn_cubic_neon *cubic, int16x8_t x) {
  const uint16x8_t magnitude = vreinterpretq_u16_s16(vqabsq_s16(x));
  const uint16x8_t segment = vshrq_n_u16(magnitude, 11);
  const uint8x16_t index =
      vreinterpretq_u8_u16(vmlaq_u16(vdupq_n_u16(0x0100), segment, vdupq_n_u16(0x0202)));
  const int16x8_t t_q15 =
      vreinterpretq_s16_u16(veorq_u16(vshlq_n_u16(magnitude, 5), vdupq_n_u16(0x8000)));
  int16x8_t y = pn_look_up_neon(cubic->row[3], index);
  y = vaddq_s16(pn_look_up_neon(cubic->row[2], index), vqrdmulhq_s16(y, t_q15));
  y = vaddq_s16(pn_look_up_neon(cubic->row[1], index), vqrdmulhq_s16(y, t_q15));
  return vaddq_s16(pn_look_up_neon(cubic->row[0], index), vqrdmulhq_s16(y, t_q15));
}

static inline int16x8_t pn_odd_cubic_neon(const pn_cubic_neon *cubic, int16x8_t x) {
  const int16x8_t y = pn_cubic_magnitude_neon(cubic, x);
  const int16x8_t sign = vshrq_n_s16(x, 15);
  return vsubq_s16(veorq_s16(y, sign), sign);
}

#endif

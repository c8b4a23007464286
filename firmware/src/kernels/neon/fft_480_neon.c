/* SPDX-License-Identifier: Apache-2.0 */
/* 480-point FFT, four complex values at a time: the stages of fft.c, where SQRDMULH has the bits
 * of pn_mul_q31. From the second stage on the stride is a multiple of four; the first stage takes
 * four neighbouring p instead and interleaves its four outputs on the way to memory. */
#include <arm_neon.h>

#include "kernels_neon.h"
#include "tables.h"

typedef struct complex_q {
  int32x4_t re, im;
} complex_q;

static inline complex_q load(const int32_t *re, const int32_t *im, int i) {
  return (complex_q){vld1q_s32(re + i), vld1q_s32(im + i)};
}

static inline void store(int32_t *re, int32_t *im, int i, complex_q v) {
  vst1q_s32(re + i, v.re);
  vst1q_s32(im + i, v.im);
}

static inline complex_q add(complex_q a, complex_q b) {
  return (complex_q){vaddq_s32(a.re, b.re), vaddq_s32(a.im, b.im)};
}

static inline complex_q sub(complex_q a, complex_q b) {
  return (complex_q){vsubq_s32(a.re, b.re), vsubq_s32(a.im, b.im)};
}

/* a - i b and a + i b */
static inline complex_q sub_turned(complex_q a, complex_q b) {
  return (complex_q){vaddq_s32(a.re, b.im), vsubq_s32(a.im, b.re)};
}

static inline complex_q add_turned(complex_q a, complex_q b) {
  return (complex_q){vsubq_s32(a.re, b.im), vaddq_s32(a.im, b.re)};
}

static inline complex_q rotate(complex_q a, int32x4_t cosine, int32x4_t sine) {
  return (complex_q){vsubq_s32(vqrdmulhq_s32(a.re, cosine), vqrdmulhq_s32(a.im, sine)),
                     vaddq_s32(vqrdmulhq_s32(a.re, sine), vqrdmulhq_s32(a.im, cosine))};
}

static inline complex_q scale(complex_q a, int32_t factor) {
  const int32x4_t f = vdupq_n_s32(factor);
  return (complex_q){vqrdmulhq_s32(a.re, f), vqrdmulhq_s32(a.im, f)};
}

static inline complex_q rotate_by(complex_q a, const int32_t *cosine, const int32_t *sine, int i) {
  return rotate(a, vld1q_dup_s32(cosine + i), vld1q_dup_s32(sine + i));
}

/* First stage: radix 4, 120 parts, stride 1. */
static void radix4_first(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi,
                         const int32_t *cosine, const int32_t *sine) {
  for (int p = 0; p < 120; p += 4) {
    const complex_q a = load(xr, xi, p), b = load(xr, xi, p + 120);
    const complex_q c = load(xr, xi, p + 240), d = load(xr, xi, p + 360);
    const complex_q ac = add(a, c), bd = add(b, d), a_c = sub(a, c), b_d = sub(b, d);
    const complex_q y0 = add(ac, bd);
    const complex_q y1 =
        rotate(sub_turned(a_c, b_d), vld1q_s32(cosine + p), vld1q_s32(sine + p));
    const complex_q y2 =
        rotate(sub(ac, bd), vld1q_s32(cosine + 120 + p), vld1q_s32(sine + 120 + p));
    const complex_q y3 = rotate(add_turned(a_c, b_d), vld1q_s32(cosine + 240 + p),
                                vld1q_s32(sine + 240 + p));
    const int32x4x4_t re = {{y0.re, y1.re, y2.re, y3.re}};
    const int32x4x4_t im = {{y0.im, y1.im, y2.im, y3.im}};
    vst4q_s32(yr + 4 * p, re);
    vst4q_s32(yi + 4 * p, im);
  }
}

/* Second stage: radix 4, 30 parts, stride 4. */
static void radix4_second(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi,
                          const int32_t *cosine, const int32_t *sine) {
  for (int p = 0; p < 30; p++) {
    const complex_q a = load(xr, xi, 4 * p), b = load(xr, xi, 4 * (p + 30));
    const complex_q c = load(xr, xi, 4 * (p + 60)), d = load(xr, xi, 4 * (p + 90));
    const complex_q ac = add(a, c), bd = add(b, d), a_c = sub(a, c), b_d = sub(b, d);
    store(yr, yi, 16 * p, add(ac, bd));
    store(yr, yi, 16 * p + 4, rotate_by(sub_turned(a_c, b_d), cosine, sine, p));
    store(yr, yi, 16 * p + 8, rotate_by(sub(ac, bd), cosine, sine, 30 + p));
    store(yr, yi, 16 * p + 12, rotate_by(add_turned(a_c, b_d), cosine, sine, 60 + p));
  }
}

/* Third stage: radix 5, 6 parts, stride 16. */
static void radix5(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi,
                   const int32_t *cosine, const int32_t *sine) {
  const int32_t cos1 = PN_COS_1_5_Q31, cos2 = PN_COS_2_5_Q31;
  const int32_t sin1 = PN_SIN_1_5_Q31, sin2 = PN_SIN_2_5_Q31;
  for (int p = 0; p < 6; p++) {
    for (int q = 0; q < 16; q += 4) {
      const int in = q + 16 * p, out = q + 80 * p;
      const complex_q a = load(xr, xi, in), b = load(xr, xi, in + 96);
      const complex_q c = load(xr, xi, in + 192), d = load(xr, xi, in + 288);
      const complex_q e = load(xr, xi, in + 384);
      const complex_q be = add(b, e), cd = add(c, d), b_e = sub(b, e), c_d = sub(c, d);
      const complex_q even1 = add(a, add(scale(be, cos1), scale(cd, cos2)));
      const complex_q even2 = add(a, add(scale(be, cos2), scale(cd, cos1)));
      const complex_q odd1 = add(scale(b_e, sin1), scale(c_d, sin2));
      const complex_q odd2 = sub(scale(b_e, sin2), scale(c_d, sin1));
      store(yr, yi, out, add(a, add(be, cd)));
      store(yr, yi, out + 16, rotate_by(sub_turned(even1, odd1), cosine, sine, p));
      store(yr, yi, out + 32, rotate_by(sub_turned(even2, odd2), cosine, sine, 6 + p));
      store(yr, yi, out + 48, rotate_by(add_turned(even2, odd2), cosine, sine, 12 + p));
      store(yr, yi, out + 64, rotate_by(add_turned(even1, odd1), cosine, sine, 18 + p));
    }
  }
}

/* Fourth stage: radix 3, 2 parts, stride 80. */
static void radix3(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi,
                   const int32_t *cosine, const int32_t *sine) {
  for (int p = 0; p < 2; p++) {
    for (int q = 0; q < 80; q += 4) {
      const int in = q + 80 * p, out = q + 240 * p;
      const complex_q a = load(xr, xi, in), b = load(xr, xi, in + 160);
      const complex_q c = load(xr, xi, in + 320);
      const complex_q bc = add(b, c);
      const complex_q half = {vshrq_n_s32(bc.re, 1), vshrq_n_s32(bc.im, 1)};
      const complex_q even = sub(a, half), odd = scale(sub(b, c), PN_SIN_1_3_Q31);
      store(yr, yi, out, add(a, bc));
      store(yr, yi, out + 80, rotate_by(sub_turned(even, odd), cosine, sine, p));
      store(yr, yi, out + 160, rotate_by(add_turned(even, odd), cosine, sine, 2 + p));
    }
  }
}

/* Last stage: radix 2, one part, stride 240. */
static void radix2(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi) {
  for (int q = 0; q < 240; q += 4) {
    const complex_q a = load(xr, xi, q), b = load(xr, xi, q + 240);
    store(yr, yi, q, add(a, b));
    store(yr, yi, q + 240, sub(a, b));
  }
}

void pn_fft_480_neon(pn_complex_block *restrict x, pn_complex_block *restrict y) {
  const int32_t *cosine = pn_fft_cos_q31, *sine = pn_fft_sin_q31;
  radix4_first(x->re, x->im, y->re, y->im, cosine, sine);
  radix4_second(y->re, y->im, x->re, x->im, cosine + 360, sine + 360);
  radix5(x->re, x->im, y->re, y->im, cosine + 450, sine + 450);
  radix3(y->re, y->im, x->re, x->im, cosine + 474, sine + 474);
  radix2(x->re, x->im, y->re, y->im);
}

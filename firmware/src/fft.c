/* SPDX-License-Identifier: Apache-2.0 */
/* Stockham autosort FFT, decimation in frequency, radices 4, 4, 5, 3, 2. Each stage reads
 * x[q + stride (p + part j)] and writes y[q + stride (radix p + k)]: no bit reversal, and from
 * the second stage on the inner loop over q runs over contiguous memory with one twiddle. */
#include "fft.h"

#include "fixed_point.h"
#include "tables.h"

typedef struct complex32 {
  int32_t re, im;
} complex32;

static inline complex32 load(const int32_t *re, const int32_t *im, int i) {
  return (complex32){re[i], im[i]};
}

static inline void store(int32_t *re, int32_t *im, int i, complex32 v) {
  re[i] = v.re;
  im[i] = v.im;
}

static inline complex32 add(complex32 a, complex32 b) {
  return (complex32){a.re + b.re, a.im + b.im};
}

static inline complex32 sub(complex32 a, complex32 b) {
  return (complex32){a.re - b.re, a.im - b.im};
}

/* -i a */
static inline complex32 turn(complex32 a) { return (complex32){a.im, -a.re}; }

static inline complex32 rotate(complex32 a, int32_t cos_q31, int32_t sin_q31) {
  return (complex32){pn_mul_q31(a.re, cos_q31) - pn_mul_q31(a.im, sin_q31),
                     pn_mul_q31(a.re, sin_q31) + pn_mul_q31(a.im, cos_q31)};
}

static inline complex32 scale(complex32 a, int32_t factor_q31) {
  return (complex32){pn_mul_q31(a.re, factor_q31), pn_mul_q31(a.im, factor_q31)};
}

static void radix4(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi, int part,
                   int stride, const int32_t *cosine, const int32_t *sine) {
  for (int p = 0; p < part; p++) {
    for (int q = 0; q < stride; q++) {
      const complex32 a = load(xr, xi, q + stride * p);
      const complex32 b = load(xr, xi, q + stride * (p + part));
      const complex32 c = load(xr, xi, q + stride * (p + 2 * part));
      const complex32 d = load(xr, xi, q + stride * (p + 3 * part));
      const complex32 ac = add(a, c), bd = add(b, d);
      const complex32 a_c = sub(a, c), b_d = turn(sub(b, d));
      const int out = q + stride * 4 * p;
      store(yr, yi, out, add(ac, bd));
      store(yr, yi, out + stride, rotate(add(a_c, b_d), cosine[p], sine[p]));
      store(yr, yi, out + 2 * stride, rotate(sub(ac, bd), cosine[part + p], sine[part + p]));
      store(yr, yi, out + 3 * stride,
            rotate(sub(a_c, b_d), cosine[2 * part + p], sine[2 * part + p]));
    }
  }
}

static void radix5(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi, int part,
                   int stride, const int32_t *cosine, const int32_t *sine) {
  const int32_t cos1 = PN_COS_1_5_Q31, cos2 = PN_COS_2_5_Q31;
  const int32_t sin1 = PN_SIN_1_5_Q31, sin2 = PN_SIN_2_5_Q31;
  for (int p = 0; p < part; p++) {
    for (int q = 0; q < stride; q++) {
      const complex32 a = load(xr, xi, q + stride * p);
      const complex32 b = load(xr, xi, q + stride * (p + part));
      const complex32 c = load(xr, xi, q + stride * (p + 2 * part));
      const complex32 d = load(xr, xi, q + stride * (p + 3 * part));
      const complex32 e = load(xr, xi, q + stride * (p + 4 * part));
      const complex32 be = add(b, e), cd = add(c, d), b_e = sub(b, e), c_d = sub(c, d);
      const complex32 even1 = add(a, add(scale(be, cos1), scale(cd, cos2)));
      const complex32 even2 = add(a, add(scale(be, cos2), scale(cd, cos1)));
      const complex32 odd1 = turn(add(scale(b_e, sin1), scale(c_d, sin2)));
      const complex32 odd2 = turn(sub(scale(b_e, sin2), scale(c_d, sin1)));
      const int out = q + stride * 5 * p;
      store(yr, yi, out, add(a, add(be, cd)));
      store(yr, yi, out + stride, rotate(add(even1, odd1), cosine[p], sine[p]));
      store(yr, yi, out + 2 * stride, rotate(add(even2, odd2), cosine[part + p], sine[part + p]));
      store(yr, yi, out + 3 * stride,
            rotate(sub(even2, odd2), cosine[2 * part + p], sine[2 * part + p]));
      store(yr, yi, out + 4 * stride,
            rotate(sub(even1, odd1), cosine[3 * part + p], sine[3 * part + p]));
    }
  }
}

static void radix3(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi, int part,
                   int stride, const int32_t *cosine, const int32_t *sine) {
  const int32_t sin1 = PN_SIN_1_3_Q31; /* the cosine is -1/2 */
  for (int p = 0; p < part; p++) {
    for (int q = 0; q < stride; q++) {
      const complex32 a = load(xr, xi, q + stride * p);
      const complex32 b = load(xr, xi, q + stride * (p + part));
      const complex32 c = load(xr, xi, q + stride * (p + 2 * part));
      const complex32 bc = add(b, c);
      const complex32 half = {pn_asr32(bc.re, 1), pn_asr32(bc.im, 1)};
      const complex32 even = sub(a, half);
      const complex32 odd = turn(scale(sub(b, c), sin1));
      const int out = q + stride * 3 * p;
      store(yr, yi, out, add(a, bc));
      store(yr, yi, out + stride, rotate(add(even, odd), cosine[p], sine[p]));
      store(yr, yi, out + 2 * stride, rotate(sub(even, odd), cosine[part + p], sine[part + p]));
    }
  }
}

/* Last stage: one part, so every twiddle is one. */
static void radix2(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi, int stride) {
  for (int q = 0; q < stride; q++) {
    const complex32 a = load(xr, xi, q), b = load(xr, xi, q + stride);
    store(yr, yi, q, add(a, b));
    store(yr, yi, q + stride, sub(a, b));
  }
}

void pn_fft_480(pn_complex_block *restrict x, pn_complex_block *restrict y) {
  const int32_t *cosine = pn_fft_cos_q31, *sine = pn_fft_sin_q31;
  radix4(x->re, x->im, y->re, y->im, 120, 1, cosine, sine);
  radix4(y->re, y->im, x->re, x->im, 30, 4, cosine + 360, sine + 360);
  radix5(x->re, x->im, y->re, y->im, 6, 16, cosine + 450, sine + 450);
  radix3(y->re, y->im, x->re, x->im, 2, 80, cosine + 474, sine + 474);
  radix2(x->re, x->im, y->re, y->im, 240);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "stft.h"

#include "fixed_point.h"
#include "tables.h"

int pn_stft_scale(uint32_t peak_q15) {
  /* peak * 2^scale <= 2^19 in PCM units is peak_q15 * 2^scale <= 2^34. */
  const int bits = 32 - pn_clz32(peak_q15 > 0 ? peak_q15 - 1 : 0);
  const int scale = 34 - bits;
  return scale > PN_SCALE_MAX ? PN_SCALE_MAX : scale;
}

/* Even samples become the real and odd samples the imaginary parts of 480 complex points. */
static void window_and_pack(const int32_t *samples, pn_complex_block *z) {
  const int32_t *window = pn_window_q31;
  for (int n = 0; n < PN_HOP / 2; n++) {
    z->re[n] = pn_mul_q31(samples[2 * n], window[2 * n]);
    z->im[n] = pn_mul_q31(samples[2 * n + 1], window[2 * n + 1]);
  }
  for (int n = PN_HOP / 2; n < PN_HOP; n++) {
    z->re[n] = pn_mul_q31(samples[2 * n], window[PN_WINDOW - 1 - 2 * n]);
    z->im[n] = pn_mul_q31(samples[2 * n + 1], window[PN_WINDOW - 2 - 2 * n]);
  }
}

/* X[k] = (Z[k] + conj Z[480-k]) / 2 - i W^k (Z[k] - conj Z[480-k]) / 2, W = exp(-2 pi i / 960).
 * Bins k and 480-k share their products, since W^(480-k) = -conj W^k. */
static void separate(const pn_complex_block *z, pn_spectrum *bins) {
  bins->re[0] = z->re[0] + z->im[0];
  bins->im[0] = 0;
  bins->re[480] = z->re[0] - z->im[0];
  bins->im[480] = 0;
  for (int k = 1; k <= 240; k++) {
    const int m = 480 - k;
    const int32_t even_re = z->re[k] + z->re[m], even_im = z->im[k] - z->im[m];
    const int32_t odd_re = z->re[k] - z->re[m], odd_im = z->im[k] + z->im[m];
    const int32_t c = pn_real_cos_q31[k], s = pn_real_sin_q31[k];
    /* t = W^k / 2 * odd; the bin adds -i t. */
    const int32_t t_re = pn_mul_q31(odd_re, c) - pn_mul_q31(odd_im, s);
    const int32_t t_im = pn_mul_q31(odd_re, s) + pn_mul_q31(odd_im, c);
    const int32_t half_re = pn_round_shift32(even_re, 1), half_im = pn_round_shift32(even_im, 1);
    bins->re[k] = half_re + t_im;
    bins->im[k] = half_im - t_re;
    bins->re[m] = half_re - t_im;
    bins->im[m] = -half_im - t_re;
  }
}

void pn_stft_forward(const pn_kernels *kernels, const int32_t samples[PN_WINDOW],
                     pn_spectrum *bins, pn_stft_scratch *scratch) {
  window_and_pack(samples, &scratch->a);
  kernels->fft_480(&scratch->a, &scratch->b);
  separate(&scratch->b, bins);
}

/* Fraction bits that the inverse transform adds to the frame's scale: as many of 0..7 as keep
 * every value below 2^30. No value exceeds the sum of the packed magnitudes, which is at most
 * four times that of the 481 bins. */
static int inverse_bits(const pn_spectrum *bins, const int32_t *gain_q20) {
  uint64_t sum_q20 = 0;
  for (int k = 0; k < PN_BINS; k++) {
    const uint32_t magnitude = (uint32_t)pn_abs32(bins->re[k]) + (uint32_t)pn_abs32(bins->im[k]);
    sum_q20 += (uint64_t)magnitude * (uint32_t)gain_q20[k];
  }
  const uint64_t bound = (sum_q20 >> 18) / PN_WINDOW + 1;
  return pn_max32(0, pn_min32(PN_INVERSE_BITS_MAX, pn_clz64(bound) - 34));
}

/* Q31 factor of a bin: gain / 960 * 2^bits. */
static int32_t inverse_factor_q31(int32_t gain_q20, int bits) {
  return (int32_t)pn_round_shift64((int64_t)gain_q20 * PN_INVERSE_FACTOR_Q39, 28 - bits);
}

/* The reverse of separate, with re and im swapped on the way out so that the forward transform
 * inverts: Z[k] = (X[k] + conj X[480-k]) + i conj W^k (X[k] - conj X[480-k]). */
static void join_swapped(const pn_spectrum *bins, const int32_t *gain_q20, int bits,
                         pn_complex_block *z) {
  const int32_t first = pn_mul_q31(bins->re[0], inverse_factor_q31(gain_q20[0], bits));
  const int32_t last = pn_mul_q31(bins->re[480], inverse_factor_q31(gain_q20[480], bits));
  z->im[0] = first + last;
  z->re[0] = first - last;
  for (int k = 1; k <= 240; k++) {
    const int m = 480 - k;
    const int32_t gain_k = inverse_factor_q31(gain_q20[k], bits);
    const int32_t gain_m = inverse_factor_q31(gain_q20[m], bits);
    const int32_t k_re = pn_mul_q31(bins->re[k], gain_k), k_im = pn_mul_q31(bins->im[k], gain_k);
    const int32_t m_re = pn_mul_q31(bins->re[m], gain_m), m_im = pn_mul_q31(bins->im[m], gain_m);
    const int32_t even_re = k_re + m_re, even_im = k_im - m_im;
    const int32_t odd_re = pn_shl32(k_re - m_re, 1), odd_im = pn_shl32(k_im + m_im, 1);
    const int32_t c = pn_real_cos_q31[k], s = pn_real_sin_q31[k];
    /* t = conj(W^k) * odd; Z[k] = even + i t and Z[480-k] = conj(even - i t). */
    const int32_t t_re = pn_mul_q31(odd_re, c) + pn_mul_q31(odd_im, s);
    const int32_t t_im = pn_mul_q31(odd_im, c) - pn_mul_q31(odd_re, s);
    z->im[k] = even_re - t_im;
    z->re[k] = even_im + t_re;
    z->im[m] = even_re + t_im;
    z->re[m] = t_re - even_im;
  }
}

/* One windowed output sample in the fraction bits of the overlap memory. */
static inline int32_t windowed(int32_t sample, int32_t window_q31, int shift) {
  const int32_t value = pn_mul_q31(sample, window_q31);
  return shift > 0 ? pn_round_shift32(value, shift) : pn_shl32(value, -shift);
}

int pn_stft_inverse(const pn_kernels *kernels, const pn_spectrum *bins,
                    const int32_t gain_q20[PN_BINS], int scale, int32_t overlap[PN_HOP],
                    int16_t hop[PN_HOP], pn_stft_scratch *scratch) {
  const int bits = inverse_bits(bins, gain_q20);
  const int shift = scale + bits - PN_OVERLAP_FRACTION_BITS;
  const pn_complex_block *z = &scratch->b;
  join_swapped(bins, gain_q20, bits, &scratch->a);
  kernels->fft_480(&scratch->a, &scratch->b);
  for (int n = 0; n < PN_HOP; n++) {
    const int32_t first = n & 1 ? z->re[n / 2] : z->im[n / 2];
    const int32_t sum = overlap[n] + windowed(first, pn_window_q31[n], shift);
    hop[n] = (int16_t)pn_sat16(pn_round_shift32(sum, PN_OVERLAP_FRACTION_BITS));
  }
  for (int n = 0; n < PN_HOP; n++) {
    const int32_t second = n & 1 ? z->re[(PN_HOP + n) / 2] : z->im[(PN_HOP + n) / 2];
    overlap[n] = windowed(second, pn_window_q31[PN_HOP - 1 - n], shift);
  }
  return shift;
}

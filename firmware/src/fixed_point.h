/* SPDX-License-Identifier: Apache-2.0 */
/* Integer arithmetic of the whole library: one rounding rule (half up), one saturation rule.
 * A right shift of a negative number is implementation-defined in C11; every compiler for the
 * supported targets shifts arithmetically, which the assertion below holds it to. */
#ifndef PN_FIXED_POINT_H
#define PN_FIXED_POINT_H

#include <stdint.h>

_Static_assert((-3 >> 1) == -2, "right shift of negative numbers must be arithmetic");

#define PN_Q15_ONE 32768
#define PN_Q20_ONE 1048576

/* floor(x / 2^n), n in 0..31. */
static inline int32_t pn_asr32(int32_t x, int n) { return x >> n; }

/* floor(x / 2^n), n in 0..63. */
static inline int64_t pn_asr64(int64_t x, int n) { return x >> n; }

/* x / 2^n rounded half up, n in 1..30; |x| <= 2^31 - 2^(n-1). */
static inline int32_t pn_round_shift32(int32_t x, int n) {
  return pn_asr32(x + (int32_t)(1u << (n - 1)), n);
}

/* x / 2^n rounded half up, n in 1..62; |x| <= 2^63 - 2^(n-1). */
static inline int64_t pn_round_shift64(int64_t x, int n) {
  return pn_asr64(x + (int64_t)((uint64_t)1 << (n - 1)), n);
}

/* x * 2^n without shifting a negative number, n in 0..31; the result must fit. */
static inline int32_t pn_shl32(int32_t x, int n) { return (int32_t)((uint32_t)x << n); }

/* a * b in Q31, rounded half up: the bits of SQRDMULH.s32 unless both are INT32_MIN. */
static inline int32_t pn_mul_q31(int32_t a, int32_t b) {
  return (int32_t)pn_round_shift64((int64_t)a * b, 31);
}

/* a * b in Q15 for |a|,|b| <= 2^15, rounded half up: the bits of SQRDMULH.s16 unless both -2^15. */
static inline int32_t pn_mul_q15(int32_t a, int32_t b) { return pn_round_shift32(a * b, 15); }

static inline int32_t pn_sat16(int32_t x) {
  return x > 32767 ? 32767 : x < -32768 ? -32768 : x;
}

static inline int32_t pn_sat32(int64_t x) {
  return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

static inline int32_t pn_min32(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t pn_max32(int32_t a, int32_t b) { return a > b ? a : b; }
static inline int32_t pn_abs32(int32_t x) { return x < 0 ? -x : x; } /* x != INT32_MIN */

/* Leading zeros; 64 and 32 for zero. */
static inline int pn_clz64(uint64_t x) {
#if defined(__GNUC__) || defined(__clang__)
  return x == 0 ? 64 : __builtin_clzll(x);
#else
  int n = 0;
  if (x == 0) return 64;
  while (!(x & ((uint64_t)1 << 63))) {
    x <<= 1;
    n++;
  }
  return n;
#endif
}

static inline int pn_clz32(uint32_t x) { return pn_clz64(x) - 32; }

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Assembly that the ARMv7 matrix products share: that of gemv_neon_aarch64.h with half the
 * registers. */
#ifndef PN_GEMV_NEON_ARMV7_H
#define PN_GEMV_NEON_ARMV7_H

/* Eight rows' sums take two column groups, d0..d3 with inputs xa and d4..d7 with xb; t0 and t1 are
 * product registers. */
#define ADD_GROUPS(rows01, rows23, rows45, rows67, xa, xb, t0, t1) \
  "vmull.s8 " #t0 ", d0, " #xa "\n"                                \
  "vmull.s8 " #t1 ", d1, " #xa "\n"                                \
  "vmlal.s8 " #t0 ", d4, " #xb "\n"                                \
  "vmlal.s8 " #t1 ", d5, " #xb "\n"                                \
  "vpadal.s16 " #rows01 ", " #t0 "\n"                              \
  "vpadal.s16 " #rows23 ", " #t1 "\n"                              \
  "vmull.s8 " #t0 ", d2, " #xa "\n"                                \
  "vmull.s8 " #t1 ", d3, " #xa "\n"                                \
  "vmlal.s8 " #t0 ", d6, " #xb "\n"                                \
  "vmlal.s8 " #t1 ", d7, " #xb "\n"                                \
  "vpadal.s16 " #rows45 ", " #t0 "\n"                              \
  "vpadal.s16 " #rows67 ", " #t1 "\n"

#define ZERO(q) "vmov.i32 " #q ", #0\n"
#define ZERO_SUMS ZERO(q8) ZERO(q9) ZERO(q10) ZERO(q11) ZERO(q12) ZERO(q13) ZERO(q14) ZERO(q15)

/* The sums of q8..q11 to the eight rows of a strip, those of q12..q15 to another eight. */
#define STORE_FIRST(pointer)          \
  "vpadd.i32 d0, d16, d17\n"          \
  "vpadd.i32 d1, d18, d19\n"          \
  "vpadd.i32 d2, d20, d21\n"          \
  "vpadd.i32 d3, d22, d23\n"          \
  "vst1.32 {d0-d3}, [%[" #pointer "]]!\n"
#define STORE_SECOND(pointer)         \
  "vpadd.i32 d0, d24, d25\n"          \
  "vpadd.i32 d1, d26, d27\n"          \
  "vpadd.i32 d2, d28, d29\n"          \
  "vpadd.i32 d3, d30, d31\n"          \
  "vst1.32 {d0-d3}, [%[" #pointer "]]!\n"

#define CLOBBERED                                                                              \
  "memory", "cc", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11",    \
      "q12", "q13", "q14", "q15"

#endif

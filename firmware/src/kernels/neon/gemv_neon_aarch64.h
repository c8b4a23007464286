/* SPDX-License-Identifier: Apache-2.0 */
/* Assembly that the ARMv8.0 matrix products share. A sum register holds two rows, two partial sums
 * each; products of two column groups fill int16 lanes, 2 * 127 * 127 < 2^15. */
#ifndef PN_GEMV_NEON_AARCH64_H
#define PN_GEMV_NEON_AARCH64_H

/* Eight rows' sums take two column groups: weights w0, w1 with inputs xa, w2, w3 with xb. */
#define ADD_GROUPS(rows01, rows23, rows45, rows67, w0, w1, w2, w3, xa, xb) \
  "smull v24.8h, " #w0 ".8b, " #xa ".8b\n"                                 \
  "smull2 v25.8h, " #w0 ".16b, " #xa ".16b\n"                              \
  "smull v26.8h, " #w1 ".8b, " #xa ".8b\n"                                 \
  "smull2 v27.8h, " #w1 ".16b, " #xa ".16b\n"                              \
  "smlal v24.8h, " #w2 ".8b, " #xb ".8b\n"                                 \
  "smlal2 v25.8h, " #w2 ".16b, " #xb ".16b\n"                              \
  "smlal v26.8h, " #w3 ".8b, " #xb ".8b\n"                                 \
  "smlal2 v27.8h, " #w3 ".16b, " #xb ".16b\n"                              \
  "sadalp " #rows01 ".4s, v24.8h\n"                                        \
  "sadalp " #rows23 ".4s, v25.8h\n"                                        \
  "sadalp " #rows45 ".4s, v26.8h\n"                                        \
  "sadalp " #rows67 ".4s, v27.8h\n"

#define ZERO(v) "movi " #v ".4s, #0\n"
#define ZERO_4(a, b, c, d) ZERO(a) ZERO(b) ZERO(c) ZERO(d)

/* The four sum registers of a strip to its eight rows. */
#define STORE(pointer, rows01, rows23, rows45, rows67)      \
  "addp v18.4s, " #rows01 ".4s, " #rows23 ".4s\n"           \
  "addp v19.4s, " #rows45 ".4s, " #rows67 ".4s\n"           \
  "st1 {v18.4s, v19.4s}, [%[" #pointer "]], #32\n"

#define CLOBBERED                                                                             \
  "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11",   \
      "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",     \
      "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The contract between the algorithm and its inner loops. The scalar kernels define every bit;
 * a SIMD kernel is a faster way to the same bits over the whole stated input range.
 *
 * int8 weight matrices are packed [strip of 8 rows][group of 4 columns][8 rows][4 columns], so a
 * block of 32 bytes multiplies 4 neighbouring inputs. rows is a multiple of 8 and columns a
 * multiple of 16 (zero padding); weights lie in [-127, 127].
 *
 * A block-sparse int8 matrix keeps blocks of 16 rows x 4 columns that are not all zero, strip of 16
 * rows after strip, columns rising within a strip: blocks holds 64 bytes [16 rows][4 columns] for
 * each; index holds for each strip the number of its blocks, then the first column of each, a
 * multiple of 4. rows is a multiple of 16, so no sum exceeds that of the same matrix stored dense.
 *
 * Unless stated otherwise outputs must not overlap inputs. int8 weights and int8 inputs are
 * aligned to 16 bytes (64 is fastest for weights), other buffers to their element type. */
#ifndef PN_KERNELS_H
#define PN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "fft.h"
#include "percepnet/percepnet.h"

#define PN_STRIP_ROWS 8
#define PN_GROUP_COLUMNS 4
#define PN_COLUMN_MULTIPLE 16
#define PN_BLOCK_ROWS 16 /* of a block-sparse matrix; a block has PN_GROUP_COLUMNS columns */
#define PN_BLOCK_BYTES (PN_BLOCK_ROWS * PN_GROUP_COLUMNS)
#define PN_UNIT_MULTIPLE 16 /* hidden units of every layer */
#define PN_MAX_UNITS 1024   /* hidden units of the widest layer */
#define PN_MAX_COLUMNS 8192 /* 8192 * 127 * 127 < 2^27, so that sum << 3 fits int32 */
#define PN_MAX_COLUMNS_S16 512 /* 512 * 32767 * 127 < 2^31: int16 sums fit int32 */
#define PN_MAX_BIAS_Q12 (1 << 28)

/* Requantisation of one GRU, gates stacked z, r, n; units values a gate. */
typedef struct pn_gru_scales {
  const int32_t *input_multiplier; /* [3 * units], 0..2^31-1 */
  const int32_t *input_bias_q12;   /* [3 * units], |bias| <= PN_MAX_BIAS_Q12; z, r: both sides' */
  const int32_t *recurrent_multiplier; /* [3 * units], 0..2^31-1 */
  const int32_t *recurrent_bias_q12;   /* [units], |bias| <= PN_MAX_BIAS_Q12; gate n only */
} pn_gru_scales;

/* Largest update gate of a GRU, 1 - 2^-8: states forget with a time constant of 2.56 s at the
 * latest, without it a device would remember for minutes (settle.h does the rest). */
#define PN_UPDATE_LIMIT_Q15 32640

typedef struct pn_kernels {
  pn_kernel id;
  const char *name; /* as pn_kernel_name gives it */

  /* acc[row] = sum of weights * x. x in [-127, 127]: |acc| < 2^27. */
  void (*gemv_s8)(int32_t *acc, const int8_t *weights, const int8_t *x, int rows, int columns);

  /* The same for two input vectors, reading the weights once. x0 and x1 may overlap. */
  void (*gemv2_s8)(int32_t *acc0, int32_t *acc1, const int8_t *weights, const int8_t *x0,
                   const int8_t *x1, int rows, int columns);

  /* gemv_s8 for a block-sparse matrix. */
  void (*gemv_sparse_s8)(int32_t *acc, const int8_t *blocks, const uint16_t *index,
                         const int8_t *x, int rows);

  /* gemv2_s8 for a block-sparse matrix. */
  void (*gemv2_sparse_s8)(int32_t *acc0, int32_t *acc1, const int8_t *blocks,
                          const uint16_t *index, const int8_t *x0, const int8_t *x1, int rows);

  /* acc[row] = sum of weights * x, x int16 in [-32767, 32767], columns <= PN_MAX_COLUMNS_S16:
   * every partial sum stays below 2^31 in magnitude. */
  void (*gemv_s8_s16)(int32_t *acc, const int8_t *weights, const int16_t *x, int rows, int columns);

  /* pre[i] = sat16(round_shift(mul_q31(acc << acc_shift, multiplier) + bias_q12, pre_shift)),
   * n a multiple of 8. pre_shift 0 gives Q12 for tanh, 1 gives Q11 for sigmoid.
   * |acc << acc_shift| < 2^30, acc_shift 0..3, multiplier 0..2^31-1, |bias| <= PN_MAX_BIAS_Q12:
   * the sum stays below 2^30 + 2^28 in magnitude. */
  void (*requantise)(int16_t *pre, const int32_t *acc, const int32_t *multiplier,
                     const int32_t *bias_q12, int acc_shift, int pre_shift, int n);

  /* y = tanh(x) in [-32767, 32767], odd; x any int16 in Q12; n a multiple of 8. */
  void (*tanh_q15)(int16_t *y_q15, const int16_t *x_q12, int n);

  /* y = sigmoid(x) in [1, 32767]; x any int16 in Q11; n a multiple of 8. Q11 because update gates
   * of trained networks work up to +-16, where tanh has long reached its end. */
  void (*sigmoid_q15)(int16_t *y_q15, const int16_t *x_q11, int n);

  /* x8 = round(x * 127 / 2^15) in [-127, 127]; x in [-32767, 32767]; n a multiple of 16. */
  void (*quantise_x8)(int8_t *x8, const int16_t *x_q15, int n);

  /* One GRU step on the int8 products of both sides, [3 * units] each. At most 2 * PN_MAX_UNITS
   * columns, so |acc| < 2^25, a product is < 2^28 and the sum of both sides and bias < 2^30.
   *   a = requantised input side, u = requantised recurrent side (no bias for z and r)
   *   z = min(sigmoid(a_z + u_z), PN_UPDATE_LIMIT_Q15), r = sigmoid(a_r + u_r),
   *   n = tanh(a_n + r * (u_n + bias)), the sums of z and r rounded to Q11, each saturated to int16
   *   h = n + z * (h - n)
   * |h_q24| <= 32767 * 2^9 stays true because z < 1 puts the new state between h and n.
   * x8 receives the new state for the next matrix product. units: a multiple of 16. */
  void (*gru_update)(int32_t *h_q24, int8_t *x8, const int32_t *acc_input,
                     const int32_t *acc_recurrent, const pn_gru_scales *scales, int units);

  /* The complex transform of fft.h with its contract: x into y, x is overwritten. */
  void (*fft_480)(pn_complex_block *restrict x, pn_complex_block *restrict y);
} pn_kernels;

/* The table for one kernel family, or for PN_KERNEL_AUTO the fastest that this CPU runs.
 * NULL and *status = PN_ERROR_KERNEL when it is not built in or not supported by the CPU,
 * PN_ERROR_RANGE when want is no pn_kernel. status may be NULL. */
const pn_kernels *pn_kernels_select(pn_kernel want, pn_status *status);

#endif

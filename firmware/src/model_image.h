/* SPDX-License-Identifier: Apache-2.0 */
/* The trained network as a file: docs/model-image.md gives every byte. Parsing copies no weights;
 * the view points into the image, which must outlive it. */
#ifndef PN_MODEL_IMAGE_H
#define PN_MODEL_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "percepnet/percepnet.h"

#define PN_FEATURES 70
#define PN_MODEL_FORMAT_VERSION 1
#define PN_MODEL_ALIGNMENT 16 /* of the image in memory */
#define PN_PROFILE_NAME_BYTES 32
#define PN_GRU_COUNT 5

/* Layers in the order in which a frame passes through them. */
typedef enum pn_gru_id { PN_GRU1, PN_GRU2, PN_GRU3, PN_GRU_GB, PN_GRU_RB } pn_gru_id;

/* Every matrix of the network, in image order. */
typedef enum pn_matrix_id {
  PN_MATRIX_FC,
  PN_MATRIX_CONV1,
  PN_MATRIX_CONV2,
  PN_MATRIX_GRU1_INPUT,
  PN_MATRIX_GRU1_RECURRENT,
  PN_MATRIX_GRU2_INPUT,
  PN_MATRIX_GRU2_RECURRENT,
  PN_MATRIX_GRU3_INPUT,
  PN_MATRIX_GRU3_RECURRENT,
  PN_MATRIX_GRU_GB_INPUT,
  PN_MATRIX_GRU_GB_RECURRENT,
  PN_MATRIX_GRU_RB_INPUT,
  PN_MATRIX_GRU_RB_RECURRENT,
  PN_MATRIX_FC_GB,
  PN_MATRIX_FC_RB,
  PN_MATRIX_COUNT
} pn_matrix_id;

/* One int8 matrix in a layout of kernels.h with its requantisation. */
typedef struct pn_matrix {
  const int8_t *weights;     /* dense: [padded_rows * padded_columns]; block-sparse: its blocks */
  const uint16_t *index;     /* of the blocks; NULL for a dense matrix */
  const int32_t *multiplier; /* [padded_rows], 0..2^31-1; Q31 for fc, Q28 for the others */
  const int32_t *bias_q12;   /* [bias_rows], |bias| <= PN_MAX_BIAS_Q12 */
  int rows, columns;         /* as trained */
  int padded_rows, padded_columns;
  int bias_rows; /* padded_rows, or units for a recurrent matrix (gate n only) */
} pn_matrix;

/* Widths of a profile; every hidden width is a multiple of PN_UNIT_MULTIPLE. */
typedef struct pn_topology {
  int fc_units;
  int conv1_frames, conv1_units;
  int conv2_frames, conv2_units;
  int gru_units[PN_GRU_COUNT];
} pn_topology;

/* A parsed image: plain data, may be copied. */
typedef struct pn_model {
  pn_topology topology;
  const int16_t *feature_mean;      /* [PN_FEATURES] */
  const int32_t *feature_scale_q20; /* [PN_FEATURES], >= 0: Q12 normalised units per feature unit */
  pn_matrix matrix[PN_MATRIX_COUNT];
  const uint8_t *sha256; /* [32], as stored in the image */
  size_t image_bytes;
  char profile[PN_PROFILE_NAME_BYTES]; /* NUL-terminated */
} pn_model;

/* Check the image (size, CRC-32, every offset and value range) and fill *model.
 * On error *model is all zeros; no byte outside [image, image + bytes) is ever read.
 * Bytes beyond the size that the header states are ignored. */
pn_status pn_model_parse(pn_model *model, const void *image, size_t bytes);

/* SHA-256 of everything after the 64-byte header, as stored there, as 64 hex digits; returns out.
 */
const char *pn_model_digest_hex(const pn_model *model, char out[65]);

#endif

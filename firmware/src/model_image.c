/* SPDX-License-Identifier: Apache-2.0 */
#include "model_image.h"

#include <string.h>

#include "crc32.h"
#include "kernels/kernels.h"
#include "sparse_index.h"

#define HEADER_BYTES 64
#define CHECKED_FROM 16 /* the CRC covers everything after itself */
#define TOPOLOGY_BYTES 128
#define ENTRY_BYTES 32
#define SECTION_ALIGNMENT 64
#define TENSORS_PER_MATRIX 3
#define TENSOR_COUNT (2 + TENSORS_PER_MATRIX * PN_MATRIX_COUNT)
#define NO_LAYER 0xFFFFFFFFu
#define MAX_CONVOLUTION_FRAMES 8

/* Kinds and roles as docs/model-image.md numbers them. */
enum { KIND_INT8_STRIPS = 1, KIND_INT32 = 2, KIND_INT16 = 3, KIND_INT8_BLOCKS = 4 };
enum { ROLE_WEIGHTS = 0, ROLE_MULTIPLIER, ROLE_BIAS, ROLE_FEATURE_MEAN, ROLE_FEATURE_SCALE };

typedef struct reader {
  const uint8_t *image;
  uint32_t total;
  uint32_t table;      /* offset of the tensor table */
  uint32_t data_start; /* first byte that a tensor may use */
} reader;

/* What one table entry has to say. */
typedef struct tensor {
  uint32_t kind, layer, role, rows, columns;
  uint32_t blocks; /* 0 for all but block-sparse matrices */
  uint64_t bytes;
} tensor;

static uint32_t read_u32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The image is little-endian and its arrays are used in place. */
static int native_order_is_image_order(void) {
  const uint32_t one = 1;
  uint8_t first;
  memcpy(&first, &one, 1);
  return first == 1;
}

static int round_up(int x, int multiple) { return (x + multiple - 1) / multiple * multiple; }

static int good_width(uint32_t units) {
  return units >= PN_UNIT_MULTIPLE && units <= PN_MAX_UNITS && units % PN_UNIT_MULTIPLE == 0;
}

static int good_frames(uint32_t frames) { return frames >= 1 && frames <= MAX_CONVOLUTION_FRAMES; }

static pn_status read_topology(pn_model *model, const uint8_t *section) {
  const uint8_t *sizes = section + PN_PROFILE_NAME_BYTES;
  uint32_t value[7 + PN_GRU_COUNT];
  for (int i = 0; i < 7 + PN_GRU_COUNT; i++) value[i] = read_u32(sizes + 4 * i);
  if (value[0] != PN_FEATURES || value[1] != PN_BANDS) return PN_ERROR_MODEL_TOPOLOGY;
  if (!good_width(value[2]) || !good_frames(value[3]) || !good_width(value[4]) ||
      !good_frames(value[5]) || !good_width(value[6])) {
    return PN_ERROR_MODEL_TOPOLOGY;
  }
  pn_topology *topology = &model->topology;
  topology->fc_units = (int)value[2];
  topology->conv1_frames = (int)value[3];
  topology->conv1_units = (int)value[4];
  topology->conv2_frames = (int)value[5];
  topology->conv2_units = (int)value[6];
  for (int i = 0; i < PN_GRU_COUNT; i++) {
    if (!good_width(value[7 + i])) return PN_ERROR_MODEL_TOPOLOGY;
    topology->gru_units[i] = (int)value[7 + i];
  }
  if (memchr(section, 0, PN_PROFILE_NAME_BYTES) == NULL) return PN_ERROR_MODEL_TOPOLOGY;
  memcpy(model->profile, section, PN_PROFILE_NAME_BYTES);
  return PN_OK;
}

static void set_size(pn_matrix *matrix, int rows, int columns) {
  matrix->rows = rows;
  matrix->columns = columns;
  matrix->padded_rows = round_up(rows, PN_STRIP_ROWS);
  matrix->padded_columns = round_up(columns, PN_COLUMN_MULTIPLE);
  matrix->bias_rows = matrix->padded_rows;
}

/* Sizes of every matrix follow from the topology. */
static void set_matrix_sizes(pn_model *model) {
  const pn_topology *t = &model->topology;
  const int *units = t->gru_units;
  const int inputs[PN_GRU_COUNT] = {t->conv2_units, units[PN_GRU1], units[PN_GRU2], units[PN_GRU3],
                                    units[PN_GRU3] + t->conv2_units};
  pn_matrix *matrix = model->matrix;
  int joined = t->conv2_units;
  set_size(&matrix[PN_MATRIX_FC], t->fc_units, PN_FEATURES);
  set_size(&matrix[PN_MATRIX_CONV1], t->conv1_units, t->conv1_frames * t->fc_units);
  set_size(&matrix[PN_MATRIX_CONV2], t->conv2_units, t->conv2_frames * t->conv1_units);
  for (int i = 0; i < PN_GRU_COUNT; i++) {
    pn_matrix *input = &matrix[PN_MATRIX_GRU1_INPUT + 2 * i];
    set_size(input, 3 * units[i], inputs[i]);
    set_size(input + 1, 3 * units[i], units[i]);
    input[1].bias_rows = units[i];
    if (i != PN_GRU_RB) joined += units[i];
  }
  set_size(&matrix[PN_MATRIX_FC_GB], PN_BANDS + 1, joined);
  set_size(&matrix[PN_MATRIX_FC_RB], PN_BANDS, units[PN_GRU_RB]);
}

static const uint8_t *table_entry(const reader *in, int index) {
  return in->image + in->table + (uint32_t)index * ENTRY_BYTES;
}

/* Find one tensor through its table entry; NULL when anything about the entry is wrong. */
static const void *find_tensor(const reader *in, int index, const tensor *want) {
  const uint8_t *entry = table_entry(in, index);
  const uint32_t offset = read_u32(entry + 20);
  if (read_u32(entry) != want->kind || read_u32(entry + 4) != want->layer ||
      read_u32(entry + 8) != want->role || read_u32(entry + 12) != want->rows ||
      read_u32(entry + 16) != want->columns || read_u32(entry + 24) != want->bytes ||
      read_u32(entry + 28) != want->blocks) {
    return NULL;
  }
  if (offset % SECTION_ALIGNMENT != 0 || offset < in->data_start) return NULL;
  if ((uint64_t)offset + want->bytes > in->total) return NULL;
  return in->image + offset;
}

/* A list of n int32 values. */
static const int32_t *find_list(const reader *in, int index, uint32_t layer, uint32_t role, int n) {
  const tensor want = {KIND_INT32, layer, role, (uint32_t)n, 1, 0, (uint64_t)n * sizeof(int32_t)};
  return find_tensor(in, index, &want);
}

static int in_range(const int32_t *values, int n, int32_t low, int32_t high) {
  int good = 1;
  for (int i = 0; i < n; i++) good &= values[i] >= low && values[i] <= high;
  return good;
}

/* -128 has no int8 negative: SIMD kernels rely on its absence. */
static int good_weights(const int8_t *weights, size_t n) {
  int bad = 0;
  for (size_t i = 0; i < n; i++) bad |= weights[i] == -128;
  return !bad;
}

static pn_status read_features(pn_model *model, const reader *in) {
  const tensor mean = {
      KIND_INT16, NO_LAYER, ROLE_FEATURE_MEAN, PN_FEATURES, 1, 0, PN_FEATURES * sizeof(int16_t)};
  model->feature_mean = find_tensor(in, 0, &mean);
  model->feature_scale_q20 = find_list(in, 1, NO_LAYER, ROLE_FEATURE_SCALE, PN_FEATURES);
  if (model->feature_mean == NULL || model->feature_scale_q20 == NULL ||
      !in_range(model->feature_scale_q20, PN_FEATURES, 0, INT32_MAX)) {
    return PN_ERROR_MODEL_TOPOLOGY;
  }
  return PN_OK;
}

/* 1 when the weights at this table index are there and valid in the dense layout. */
static int read_dense(pn_matrix *matrix, int id, int index, const reader *in) {
  const uint32_t rows = (uint32_t)matrix->padded_rows, columns = (uint32_t)matrix->padded_columns;
  const uint64_t bytes = (uint64_t)rows * columns;
  const tensor want = {KIND_INT8_STRIPS, (uint32_t)id, ROLE_WEIGHTS, rows, columns, 0, bytes};
  matrix->weights = find_tensor(in, index, &want);
  return matrix->weights != NULL && good_weights(matrix->weights, (size_t)bytes);
}

/* The same for the block-sparse layout: the index, then at a multiple of 64 the blocks. */
static int read_sparse(pn_matrix *matrix, int id, int index, const reader *in) {
  const uint32_t rows = (uint32_t)matrix->padded_rows, columns = (uint32_t)matrix->padded_columns;
  const uint32_t blocks = read_u32(table_entry(in, index) + 28);
  const uint32_t strips = rows / PN_BLOCK_ROWS;
  if (id == PN_MATRIX_FC || rows % PN_BLOCK_ROWS != 0) return 0;
  if (blocks > strips * (columns / PN_GROUP_COLUMNS)) return 0;
  const uint32_t index_bytes = (strips + blocks) * (uint32_t)sizeof(uint16_t);
  const uint32_t start = (uint32_t)round_up((int)index_bytes, SECTION_ALIGNMENT);
  const uint32_t block_bytes = blocks * PN_BLOCK_BYTES;
  const tensor want = {KIND_INT8_BLOCKS, (uint32_t)id, ROLE_WEIGHTS, rows, columns, blocks,
                       (uint64_t)start + block_bytes};
  const uint8_t *section = find_tensor(in, index, &want);
  if (section == NULL) return 0;
  matrix->index = (const uint16_t *)(const void *)section;
  matrix->weights = (const int8_t *)section + start;
  return pn_sparse_index_is_good(matrix->index, (int)rows, (int)columns, blocks) &&
         good_weights(matrix->weights, block_bytes);
}

static pn_status read_matrix(pn_matrix *matrix, int id, const reader *in) {
  const uint32_t layer = (uint32_t)id;
  const int first = 2 + TENSORS_PER_MATRIX * id;
  const int sparse = read_u32(table_entry(in, first)) == KIND_INT8_BLOCKS;
  matrix->multiplier = find_list(in, first + 1, layer, ROLE_MULTIPLIER, matrix->padded_rows);
  matrix->bias_q12 = find_list(in, first + 2, layer, ROLE_BIAS, matrix->bias_rows);
  if (matrix->multiplier == NULL || matrix->bias_q12 == NULL ||
      !in_range(matrix->multiplier, matrix->padded_rows, 0, INT32_MAX) ||
      !in_range(matrix->bias_q12, matrix->bias_rows, -PN_MAX_BIAS_Q12, PN_MAX_BIAS_Q12) ||
      !(sparse ? read_sparse : read_dense)(matrix, id, first, in)) {
    return PN_ERROR_MODEL_TOPOLOGY;
  }
  return PN_OK;
}

/* Everything before the tensors: magic, version, size, checksum, positions of the sections. */
static pn_status read_header(reader *in, const void *image, size_t bytes) {
  const uint8_t *header = image;
  if (bytes < 4) return PN_ERROR_MODEL_TRUNCATED;
  if (memcmp(header, "PNM1", 4) != 0) return PN_ERROR_MODEL_MAGIC;
  if (bytes < 8) return PN_ERROR_MODEL_TRUNCATED;
  if (read_u32(header + 4) != PN_MODEL_FORMAT_VERSION || !native_order_is_image_order()) {
    return PN_ERROR_MODEL_VERSION;
  }
  if (bytes < HEADER_BYTES + TOPOLOGY_BYTES + TENSOR_COUNT * ENTRY_BYTES) {
    return PN_ERROR_MODEL_TRUNCATED;
  }
  in->image = header;
  in->total = read_u32(header + 8);
  in->table = HEADER_BYTES + TOPOLOGY_BYTES;
  in->data_start = in->table + TENSOR_COUNT * ENTRY_BYTES;
  if (in->total > bytes || in->total < in->data_start) return PN_ERROR_MODEL_TRUNCATED;
  if (pn_crc32(0, header + CHECKED_FROM, in->total - CHECKED_FROM) != read_u32(header + 12)) {
    return PN_ERROR_MODEL_CHECKSUM;
  }
  if (read_u32(header + 48) != HEADER_BYTES || read_u32(header + 52) != in->table ||
      read_u32(header + 56) != TENSOR_COUNT || read_u32(header + 60) != 0) {
    return PN_ERROR_MODEL_TOPOLOGY;
  }
  return PN_OK;
}

static pn_status parse(pn_model *model, const void *image, size_t bytes) {
  reader in;
  pn_status status = read_header(&in, image, bytes);
  if (status != PN_OK) return status;
  status = read_topology(model, in.image + HEADER_BYTES);
  if (status != PN_OK) return status;
  set_matrix_sizes(model);
  status = read_features(model, &in);
  for (int id = 0; id < PN_MATRIX_COUNT && status == PN_OK; id++) {
    status = read_matrix(&model->matrix[id], id, &in);
  }
  model->sha256 = in.image + 16;
  model->image_bytes = in.total;
  return status;
}

pn_status pn_model_parse(pn_model *model, const void *image, size_t bytes) {
  if (model == NULL) return PN_ERROR_NULL;
  memset(model, 0, sizeof *model);
  if (image == NULL) return PN_ERROR_NULL;
  if ((uintptr_t)image % PN_MODEL_ALIGNMENT != 0) return PN_ERROR_MODEL_ALIGNMENT;
  const pn_status status = parse(model, image, bytes);
  if (status != PN_OK) memset(model, 0, sizeof *model);
  return status;
}

const char *pn_model_digest_hex(const pn_model *model, char out[65]) {
  static const char digit[] = "0123456789abcdef";
  for (int i = 0; i < 32; i++) {
    out[2 * i] = digit[model->sha256[i] >> 4];
    out[2 * i + 1] = digit[model->sha256[i] & 15];
  }
  out[64] = 0;
  return out;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <string.h>

#include "fixed_point.h"
#include "network_state.h"
#include "settle.h"

#define BLOCK_ALIGNMENT 64
#define NORMALISED_LIMIT 32767 /* +-8 in Q12 */
#define FEATURE_SCALE_SHIFT 20

/* Hands out consecutive aligned blocks; with base NULL it only counts. */
typedef struct arena {
  uint8_t *base;
  size_t used;
} arena;

static void *take(arena *memory, int count, size_t element_bytes) {
  const size_t bytes = (size_t)count * element_bytes;
  void *block = memory->base == NULL ? NULL : memory->base + memory->used;
  memory->used += (bytes + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
  return block;
}

static int max_of(int a, int b) { return a > b ? a : b; }

static void lay_out_window(pn_conv_window *window, arena *memory, int frames, int units) {
  window->units = units;
  window->kernel_frames = frames;
  window->x8 = take(memory, (frames - 1 + PN_NETWORK_MAX_FRAMES) * units, sizeof(int8_t));
}

/* Scratch is sized by the widest user. */
static void lay_out_scratch(pn_network *net, const pn_model *model, arena *memory) {
  int rows = 0, recurrent_rows = 0, dense_rows = 0;
  for (int id = 0; id < PN_MATRIX_COUNT; id++) {
    const int padded = model->matrix[id].padded_rows;
    const int in_gru = id >= PN_MATRIX_GRU1_INPUT && id <= PN_MATRIX_GRU_RB_RECURRENT;
    rows = max_of(rows, padded);
    if (in_gru) {
      recurrent_rows = max_of(recurrent_rows, padded);
    } else {
      dense_rows = max_of(dense_rows, padded);
    }
  }
  for (int frame = 0; frame < PN_NETWORK_MAX_FRAMES; frame++) {
    net->acc[frame] = take(memory, rows, sizeof(int32_t));
  }
  net->acc_recurrent = take(memory, recurrent_rows, sizeof(int32_t));
  net->pre = take(memory, dense_rows, sizeof(int16_t));
  net->activated_q15 = take(memory, dense_rows, sizeof(int16_t));
}

static void lay_out(pn_network *net, const pn_model *model, arena *memory) {
  const pn_topology *t = &model->topology;
  lay_out_window(&net->conv1, memory, t->conv1_frames, t->fc_units);
  lay_out_window(&net->conv2, memory, t->conv2_frames, t->conv1_units);
  for (int i = 0; i < PN_GRU_COUNT; i++) {
    net->gru[i].units = t->gru_units[i];
    net->gru[i].h_q24 = take(memory, t->gru_units[i], sizeof(int32_t));
    net->gru[i].x8 = take(memory, t->gru_units[i], sizeof(int8_t));
  }
  for (int frame = 0; frame < PN_NETWORK_MAX_FRAMES; frame++) {
    const pn_matrix *matrix = model->matrix;
    net->normalised_q12[frame] = take(memory, matrix[PN_MATRIX_FC].padded_columns, sizeof(int16_t));
    net->joined[frame] = take(memory, matrix[PN_MATRIX_FC_GB].columns, sizeof(int8_t));
    net->strength_input[frame] =
        take(memory, matrix[PN_MATRIX_GRU_RB_INPUT].columns, sizeof(int8_t));
    net->strength[frame] = take(memory, t->gru_units[PN_GRU_RB], sizeof(int8_t));
  }
  lay_out_scratch(net, model, memory);
}

static size_t header_bytes(void) {
  return (sizeof(pn_network) + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
}

size_t pn_network_bytes(const pn_model *model) {
  pn_network counted;
  arena memory = {NULL, header_bytes()};
  lay_out(&counted, model, &memory);
  return memory.used;
}

void pn_network_init(pn_network *net, const pn_model *model, const pn_kernels *kernels) {
  arena memory = {(uint8_t *)net, header_bytes()};
  memset(net, 0, pn_network_bytes(model));
  net->model = model;
  net->kernels = kernels;
  lay_out(net, model, &memory);
}

void pn_network_reset(pn_network *net) { pn_network_init(net, net->model, net->kernels); }

static void normalise(const pn_model *model, const int16_t *features, int16_t *x_q12) {
  for (int i = 0; i < PN_FEATURES; i++) {
    const int64_t product =
        (int64_t)(features[i] - model->feature_mean[i]) * model->feature_scale_q20[i];
    const int32_t x = pn_sat32(pn_round_shift64(product, FEATURE_SCALE_SHIFT));
    x_q12[i] = (int16_t)pn_max32(-NORMALISED_LIMIT, pn_min32(NORMALISED_LIMIT, x));
  }
}

/* Features to the inputs of conv1. */
static void run_first_layer(pn_network *net, const int16_t *features, int frames) {
  const pn_matrix *fc = &net->model->matrix[PN_MATRIX_FC];
  for (int frame = 0; frame < frames; frame++) {
    net->settle_key[frame] = pn_settle_key(features + frame * PN_FEATURES);
    normalise(net->model, features + frame * PN_FEATURES, net->normalised_q12[frame]);
    net->kernels->gemv_s8_s16(net->acc[0], fc->weights, net->normalised_q12[frame], fc->padded_rows,
                              fc->padded_columns);
    pn_dense_tanh(net, fc, net->acc[0], PN_FC_ACC_SHIFT, pn_conv_slot(&net->conv1, frame));
  }
}

/* The branch of the comb-filter strengths up to its last layer. */
static void run_strength_gru(pn_network *net, const int8_t *const *gru3, int frames) {
  const pn_topology *t = &net->model->topology;
  const int8_t *x[PN_NETWORK_MAX_FRAMES];
  for (int frame = 0; frame < frames; frame++) {
    int8_t *both = net->strength_input[frame];
    memcpy(both, gru3[frame], (size_t)t->gru_units[PN_GRU3]);
    memcpy(both + t->gru_units[PN_GRU3], net->joined[frame], (size_t)t->conv2_units);
    x[frame] = both;
  }
  pn_gru_run(net, PN_GRU_RB, x, frames, net->strength);
}

static void run_outputs(pn_network *net, int frames, pn_network_output *out) {
  const pn_matrix *fc_gb = &net->model->matrix[PN_MATRIX_FC_GB];
  const pn_matrix *fc_rb = &net->model->matrix[PN_MATRIX_FC_RB];
  const int8_t *joined[PN_NETWORK_MAX_FRAMES], *strength[PN_NETWORK_MAX_FRAMES];
  for (int frame = 0; frame < frames; frame++) {
    joined[frame] = net->joined[frame];
    strength[frame] = net->strength[frame];
  }
  pn_matrix_product(net, fc_gb, joined, frames);
  for (int frame = 0; frame < frames; frame++) {
    pn_dense_sigmoid(net, fc_gb, net->acc[frame]);
    for (int band = 0; band < PN_BANDS; band++) {
      out[frame].gain_q15[band] = (uint16_t)net->activated_q15[band];
    }
    out[frame].voice_q15 = net->activated_q15[PN_BANDS];
  }
  pn_matrix_product(net, fc_rb, strength, frames);
  for (int frame = 0; frame < frames; frame++) {
    pn_dense_sigmoid(net, fc_rb, net->acc[frame]);
    for (int band = 0; band < PN_BANDS; band++) {
      out[frame].strength_q15[band] = (uint16_t)net->activated_q15[band];
    }
  }
}

void pn_network_run(pn_network *net, const int16_t *features, int frames, pn_network_output *out) {
  const pn_topology *t = &net->model->topology;
  int8_t *slot[PN_NETWORK_MAX_FRAMES] = {0}, *y8[PN_NETWORK_MAX_FRAMES] = {0};
  const int8_t *x[PN_NETWORK_MAX_FRAMES] = {0}, *gru3[PN_NETWORK_MAX_FRAMES] = {0};
  run_first_layer(net, features, frames);
  for (int frame = 0; frame < frames; frame++) {
    slot[frame] = pn_conv_slot(&net->conv2, frame);
    y8[frame] = net->joined[frame];
  }
  pn_conv_run(net, &net->conv1, &net->model->matrix[PN_MATRIX_CONV1], frames, slot);
  pn_conv_run(net, &net->conv2, &net->model->matrix[PN_MATRIX_CONV2], frames, y8);
  for (int id = PN_GRU1; id <= PN_GRU_GB; id++) {
    for (int frame = 0; frame < frames; frame++) {
      x[frame] = y8[frame];
      if (id == PN_GRU_GB) gru3[frame] = y8[frame];
      y8[frame] += id == PN_GRU1 ? t->conv2_units : t->gru_units[id - 1];
    }
    pn_gru_run(net, (pn_gru_id)id, x, frames, y8);
  }
  run_strength_gru(net, gru3, frames);
  run_outputs(net, frames, out);
}

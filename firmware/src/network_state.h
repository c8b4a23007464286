/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the network and the layers that work on it; private to the network's files. */
#ifndef PN_NETWORK_STATE_H
#define PN_NETWORK_STATE_H

#include <stdint.h>

#include "kernels/kernels.h"
#include "model_image.h"
#include "network.h"

#define PN_FC_ACC_SHIFT 0 /* fc: Q12 inputs, Q31 multipliers */
#define PN_S8_ACC_SHIFT 3 /* int8 inputs, Q28 multipliers */

/* Input window of a convolution: the frames before, then room for the new ones. */
typedef struct pn_conv_window {
  int8_t *x8; /* [(kernel_frames - 1 + PN_NETWORK_MAX_FRAMES) * units] */
  int units;  /* inputs a frame */
  int kernel_frames;
} pn_conv_window;

typedef struct pn_gru_state {
  int32_t *h_q24; /* [units] */
  int8_t *x8;     /* [units], the state as the recurrent matrix reads it */
  int units;
} pn_gru_state;

struct pn_network {
  const pn_model *model;
  const pn_kernels *kernels;
  pn_conv_window conv1, conv2;
  pn_gru_state gru[PN_GRU_COUNT];
  int16_t *normalised_q12[PN_NETWORK_MAX_FRAMES]; /* zero-padded columns of fc */
  uint32_t settle_key[PN_NETWORK_MAX_FRAMES];     /* of each frame, see settle.h */
  int8_t *joined[PN_NETWORK_MAX_FRAMES]; /* conv2, gru1, gru2, gru3, gru_gb: input of fc_gb */
  int8_t *strength_input[PN_NETWORK_MAX_FRAMES]; /* gru3, conv2: input of gru_rb */
  int8_t *strength[PN_NETWORK_MAX_FRAMES];       /* gru_rb: input of fc_rb */
  int32_t *acc[PN_NETWORK_MAX_FRAMES];           /* scratch: widest matrix */
  int32_t *acc_recurrent;                        /* scratch: widest recurrent matrix */
  int16_t *pre, *activated_q15;                  /* scratch: widest layer without recurrence */
};

/* Pre-activations of one layer without recurrence to x8 = int8 of tanh. rows: multiple of 16. */
void pn_dense_tanh(pn_network *net, const pn_matrix *matrix, const int32_t *acc, int acc_shift,
                   int8_t *x8);

/* Pre-activations to sigmoid in Q15, padded rows in net->activated_q15. */
void pn_dense_sigmoid(pn_network *net, const pn_matrix *matrix, const int32_t *acc);

/* acc = matrix * x for a matrix with int8 inputs, dense or block-sparse. */
void pn_matrix_times(const pn_network *net, const pn_matrix *matrix, const int8_t *x,
                     int32_t *acc);

/* acc[frame] = matrix * x[frame] for 1 or 2 frames, each weight read once. */
void pn_matrix_product(pn_network *net, const pn_matrix *matrix, const int8_t *const *x,
                       int frames);

/* Where the window takes its next frame (0 or 1). */
int8_t *pn_conv_slot(const pn_conv_window *window, int frame);

/* Convolve the frames put into the window, y8[frame] = tanh, and move the window on. */
void pn_conv_run(pn_network *net, pn_conv_window *window, const pn_matrix *matrix, int frames,
                 int8_t *const *y8);

/* Step one GRU through 1 or 2 frames: y8[frame] = its state after each. */
void pn_gru_run(pn_network *net, pn_gru_id id, const int8_t *const *x, int frames,
                int8_t *const *y8);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The neural network: 70 features of the arriving frame in; gains, comb-filter strengths and voice
 * probability of the frame two before it out. Integers only; every kernel gives the same bits. */
#ifndef PN_NETWORK_H
#define PN_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "model_image.h"
#include "percepnet/percepnet.h"

#define PN_NETWORK_MAX_FRAMES 2

/* One frame's result, Q15; each value in 1..32767. */
typedef struct pn_network_output {
  uint16_t gain_q15[PN_BANDS];
  uint16_t strength_q15[PN_BANDS];
  int32_t voice_q15;
} pn_network_output;

/* State and scratch of one channel. */
typedef struct pn_network pn_network;

/* Bytes that a network of this model needs; a multiple of 16. */
size_t pn_network_bytes(const pn_model *model);

/* Build the network in the caller's memory (16-byte aligned, pn_network_bytes long) and reset it.
 * model and kernels must outlive it. */
void pn_network_init(pn_network *net, const pn_model *model, const pn_kernels *kernels);

/* Forget all history: convolution inputs and GRU states become zero. */
void pn_network_reset(pn_network *net);

/* Run 1 or 2 frames of features, [frames][PN_FEATURES] in arrival order, into out[frames].
 * Two frames run layer by layer and read each input-side weight once; the bits are those of two
 * calls with one frame. */
void pn_network_run(pn_network *net, const int16_t *features, int frames, pn_network_output *out);

#endif

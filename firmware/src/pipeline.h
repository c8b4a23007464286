/* SPDX-License-Identifier: Apache-2.0 */
/* The signal path around the network: front end before it, post-filter and synthesis after it.
 * Two frames can be under way at once, so that a 20 ms packet runs the network layer by layer. */
#ifndef PN_PIPELINE_H
#define PN_PIPELINE_H

#include <stdint.h>

#include "frontend.h"
#include "network.h"
#include "percepnet/percepnet.h"
#include "postfilter.h"

typedef struct pn_pipeline_scratch {
  union {
    pn_frontend_scratch frontend;
    struct {
      pn_postfilter_scratch postfilter;
      pn_stft_scratch stft;
    } synthesis;
  } u;
} pn_pipeline_scratch;

typedef struct pn_pipeline {
  pn_frontend frontend;
  pn_postfilter postfilter;
  int32_t overlap[PN_HOP]; /* PN_OVERLAP_FRACTION_BITS fraction bits */
  pn_frame frame[PN_NETWORK_MAX_FRAMES];
  int16_t features[PN_NETWORK_MAX_FRAMES][PN_FEATURES];
  pn_stage_hook hook; /* may be NULL */
  void *hook_user;
  pn_pipeline_scratch scratch;
} pn_pipeline;

/* A pipeline in silence without a hook. */
void pn_pipeline_init(pn_pipeline *pipeline, const pn_kernels *kernels);

/* Forget all audio; the hook stays. */
void pn_pipeline_reset(pn_pipeline *pipeline);

/* Tell the hook, if there is one, that a stage has ended. */
void pn_pipeline_stage_done(const pn_pipeline *pipeline, pn_stage stage);

/* Stages analysis to features of hop[480]; fills frame[slot] and features[slot]. */
void pn_pipeline_before_network(pn_pipeline *pipeline, int slot, const int16_t hop[PN_HOP]);

/* Stages gains and synthesis of frame[slot]; slots in the order of their hops.
 * floor_q15: attenuation limit as a gain, 0..32768. */
void pn_pipeline_after_network(pn_pipeline *pipeline, int slot, const uint16_t gain_q15[PN_BANDS],
                               const uint16_t strength_q15[PN_BANDS], int32_t floor_q15,
                               int16_t hop[PN_HOP]);

#endif

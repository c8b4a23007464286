/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline.h"

#include <string.h>

void pn_pipeline_init(pn_pipeline *pipeline, const pn_kernels *kernels) {
  memset(pipeline, 0, sizeof *pipeline);
  pn_frontend_init(&pipeline->frontend, kernels);
  pn_pipeline_reset(pipeline);
}

void pn_pipeline_reset(pn_pipeline *pipeline) {
  pn_frontend_reset(&pipeline->frontend);
  pn_postfilter_reset(&pipeline->postfilter);
  memset(pipeline->overlap, 0, sizeof pipeline->overlap);
}

void pn_pipeline_stage_done(const pn_pipeline *pipeline, pn_stage stage) {
  if (pipeline->hook != NULL) pipeline->hook(pipeline->hook_user, stage);
}

void pn_pipeline_before_network(pn_pipeline *pipeline, int slot, const int16_t hop[PN_HOP]) {
  pn_frontend *frontend = &pipeline->frontend;
  pn_frontend_scratch *scratch = &pipeline->scratch.u.frontend;
  pn_frame *frame = &pipeline->frame[slot];
  int16_t *features = pipeline->features[slot];
  pn_frontend_analyse(frontend, hop, features, scratch);
  pn_pipeline_stage_done(pipeline, PN_STAGE_ANALYSIS);
  pn_frontend_pitch(frontend, frame, scratch);
  pn_pipeline_stage_done(pipeline, PN_STAGE_PITCH);
  pn_frontend_comb(frontend, frame, scratch);
  pn_pipeline_stage_done(pipeline, PN_STAGE_COMB);
  pn_frontend_features(frame, features);
  pn_pipeline_stage_done(pipeline, PN_STAGE_FEATURES);
}

void pn_pipeline_after_network(pn_pipeline *pipeline, int slot, const uint16_t gain_q15[PN_BANDS],
                               const uint16_t strength_q15[PN_BANDS], int32_t floor_q15,
                               int16_t hop[PN_HOP]) {
  const pn_frame *frame = &pipeline->frame[slot];
  pn_postfilter_scratch *gains = &pipeline->scratch.u.synthesis.postfilter;
  pn_postfilter_run(&pipeline->postfilter, frame, gain_q15, strength_q15, floor_q15, gains);
  pn_pipeline_stage_done(pipeline, PN_STAGE_GAINS);
  pn_stft_inverse(pipeline->frontend.kernels, &gains->cleaned, gains->gain_q20, frame->scale,
                  pipeline->overlap, hop, &pipeline->scratch.u.synthesis.stft);
  pn_pipeline_stage_done(pipeline, PN_STAGE_SYNTHESIS);
}

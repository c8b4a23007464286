/* SPDX-License-Identifier: Apache-2.0 */
/* Audio in, cleaned audio out: one frame, a packet of two, or any number of samples. */
#include <string.h>

#include "state.h"

static void describe(const pn_state *state, int slot, pn_frame_info *info) {
  const pn_frame *frame = &state->pipeline.frame[slot];
  const pn_network_output *output = &state->output[slot];
  info->voice_probability_q15 = output->voice_q15;
  info->pitch_period_samples = frame->pitch.period;
  info->pitch_correlation_q15 = frame->pitch.correlation_q15;
  memcpy(info->gain_q15, output->gain_q15, sizeof info->gain_q15);
  memcpy(info->strength_q15, output->strength_q15, sizeof info->strength_q15);
}

/* All frames enter before the first leaves, so in and out may be one buffer. */
static void process(pn_state *state, const int16_t *in, int16_t *out, int frames,
                    pn_frame_info *info) {
  pn_pipeline *pipeline = &state->pipeline;
  for (int slot = 0; slot < frames; slot++) {
    pn_pipeline_before_network(pipeline, slot, in + slot * PN_FRAME_SAMPLES);
  }
  pn_network_run(state->network, pipeline->features[0], frames, state->output);
  pn_pipeline_stage_done(pipeline, PN_STAGE_NETWORK);
  for (int slot = 0; slot < frames; slot++) {
    int16_t *hop = out + slot * PN_FRAME_SAMPLES;
    const pn_network_output *output = &state->output[slot];
    pn_pipeline_after_network(pipeline, slot, output->gain_q15, output->strength_q15,
                              state->floor_q15, hop);
    if (state->bypass) memcpy(hop, pipeline->frame[slot].delayed, sizeof pipeline->frame->delayed);
    if (info != NULL) describe(state, slot, &info[slot]);
  }
}

pn_status pn_process_frame(pn_state *state, const int16_t *in, int16_t *out, pn_frame_info *info) {
  if (state == NULL || in == NULL || out == NULL) return PN_ERROR_NULL;
  process(state, in, out, 1, info);
  return PN_OK;
}

pn_status pn_process_packet(pn_state *state, const int16_t *in, int16_t *out,
                            pn_frame_info *info) {
  if (state == NULL || in == NULL || out == NULL) return PN_ERROR_NULL;
  process(state, in, out, 2, info);
  return PN_OK;
}

pn_status pn_process(pn_state *state, const int16_t *in, int16_t *out, size_t samples) {
  if (state == NULL) return PN_ERROR_NULL;
  if (samples == 0) return PN_OK;
  if (in == NULL || out == NULL) return PN_ERROR_NULL;
  while (samples > 0) {
    const size_t space = PN_FRAME_SAMPLES - state->fifo_fill;
    const size_t part = samples < space ? samples : space;
    memcpy(state->fifo_in + state->fifo_fill, in, part * sizeof *in);
    memcpy(out, state->fifo_out + state->fifo_fill, part * sizeof *out);
    state->fifo_fill += part;
    in += part;
    out += part;
    samples -= part;
    if (state->fifo_fill == PN_FRAME_SAMPLES) {
      process(state, state->fifo_in, state->fifo_out, 1, NULL);
      state->fifo_fill = 0;
    }
  }
  return PN_OK;
}

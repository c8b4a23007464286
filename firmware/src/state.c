/* SPDX-License-Identifier: Apache-2.0 */
/* Making, resetting and setting up a state; nothing here allocates. */
#include "state.h"

#include <string.h>

#include "embedded_model.h"
#include "fixed_point.h"
#include "tables.h"

#define STATE_ALIGNMENT 16

void pn_config_init(pn_config *config) {
  if (config == NULL) return;
  memset(config, 0, sizeof *config);
  config->struct_size = sizeof *config;
  config->kernel = PN_KERNEL_AUTO;
}

pn_status pn_plan_make(const pn_config *config, pn_plan *plan) {
  pn_config wanted;
  pn_status status = PN_OK;
  pn_config_init(&wanted);
  if (config != NULL) {
    if (config->struct_size != sizeof *config) return PN_ERROR_SIZE;
    wanted = *config;
  }
  if (wanted.model_image == NULL) {
    wanted.model_image = pn_embedded_model(&wanted.model_bytes);
    if (wanted.model_image == NULL) return PN_ERROR_NO_MODEL;
  }
  plan->kernels = pn_kernels_select(wanted.kernel, &status);
  if (plan->kernels == NULL) return status;
  return pn_model_parse(&plan->model, wanted.model_image, wanted.model_bytes);
}

static size_t aligned(size_t bytes) {
  return (bytes + STATE_ALIGNMENT - 1) & ~(size_t)(STATE_ALIGNMENT - 1);
}

size_t pn_plan_bytes(const pn_plan *plan) {
  return aligned(sizeof(pn_state)) + pn_network_bytes(&plan->model);
}

pn_state *pn_state_build(void *memory, const pn_plan *plan) {
  pn_state *state = memory;
  memset(state, 0, sizeof *state);
  state->plan = *plan;
  state->network = (pn_network *)(void *)((unsigned char *)memory + aligned(sizeof *state));
  pn_model_digest_hex(&state->plan.model, state->digest);
  pn_network_init(state->network, &state->plan.model, state->plan.kernels);
  pn_pipeline_init(&state->pipeline, state->plan.kernels);
  pn_reset(state);
  return state;
}

size_t pn_state_size(const pn_config *config) {
  pn_plan plan;
  return pn_plan_make(config, &plan) == PN_OK ? pn_plan_bytes(&plan) : 0;
}

pn_status pn_init(void *memory, size_t memory_bytes, const pn_config *config, pn_state **state) {
  pn_plan plan;
  if (state == NULL) return PN_ERROR_NULL;
  *state = NULL;
  if (memory == NULL) return PN_ERROR_NULL;
  if ((uintptr_t)memory % STATE_ALIGNMENT != 0) return PN_ERROR_ALIGNMENT;
  const pn_status status = pn_plan_make(config, &plan);
  if (status != PN_OK) return status;
  if (memory_bytes < pn_plan_bytes(&plan)) return PN_ERROR_SIZE;
  *state = pn_state_build(memory, &plan);
  return PN_OK;
}

pn_status pn_reset(pn_state *state) {
  if (state == NULL) return PN_ERROR_NULL;
  pn_pipeline_reset(&state->pipeline);
  pn_network_reset(state->network);
  memset(state->fifo_in, 0, sizeof state->fifo_in);
  memset(state->fifo_out, 0, sizeof state->fifo_out);
  state->fifo_fill = 0;
  return PN_OK;
}

pn_status pn_set_attenuation_limit_db(pn_state *state, int limit_db) {
  if (state == NULL) return PN_ERROR_NULL;
  if (limit_db < 0 || limit_db > 100) return PN_ERROR_RANGE;
  state->floor_q15 = pn_attenuation_q15[limit_db];
  return PN_OK;
}

pn_status pn_set_bypass(pn_state *state, int bypass) {
  if (state == NULL) return PN_ERROR_NULL;
  state->bypass = bypass != 0;
  return PN_OK;
}

pn_status pn_set_stage_hook(pn_state *state, pn_stage_hook hook, void *user) {
  if (state == NULL) return PN_ERROR_NULL;
  state->pipeline.hook = hook;
  state->pipeline.hook_user = user;
  return PN_OK;
}

const char *pn_kernel_name(const pn_state *state) {
  return state == NULL ? "none" : state->plan.kernels->name;
}

const char *pn_model_digest(const pn_state *state) { return state == NULL ? "" : state->digest; }

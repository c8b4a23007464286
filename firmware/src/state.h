/* SPDX-License-Identifier: Apache-2.0 */
/* What a pn_state is made of. */
#ifndef PN_STATE_H
#define PN_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "model_image.h"
#include "network.h"
#include "percepnet/percepnet.h"
#include "pipeline.h"

/* What a config asks for, checked: the start of every state. */
typedef struct pn_plan {
  pn_model model;
  const pn_kernels *kernels;
} pn_plan;

struct pn_state {
  pn_pipeline pipeline;
  pn_plan plan;
  char digest[65];
  pn_network *network; /* follows this struct in the same memory */
  pn_network_output output[PN_NETWORK_MAX_FRAMES];
  int32_t floor_q15;
  int bypass;
  int16_t fifo_in[PN_FRAME_SAMPLES];
  int16_t fifo_out[PN_FRAME_SAMPLES];
  size_t fifo_fill;
  void *allocation; /* what pn_destroy frees; NULL in the caller's memory */
};

/* Check a config (NULL: defaults) and its model. */
pn_status pn_plan_make(const pn_config *config, pn_plan *plan);

/* Bytes of a state of this plan; a multiple of 16. */
size_t pn_plan_bytes(const pn_plan *plan);

/* Build a state in 16-byte aligned memory of pn_plan_bytes. */
pn_state *pn_state_build(void *memory, const pn_plan *plan);

#endif

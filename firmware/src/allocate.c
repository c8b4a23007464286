/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that allocates: a program with its own memory uses pn_init and leaves it out. */
#include <stdlib.h>

#include "state.h"

#define STATE_ALIGNMENT 16

pn_status pn_create(const pn_config *config, pn_state **state) {
  pn_plan plan;
  if (state == NULL) return PN_ERROR_NULL;
  *state = NULL;
  const pn_status status = pn_plan_make(config, &plan);
  if (status != PN_OK) return status;
  unsigned char *block = malloc(pn_plan_bytes(&plan) + STATE_ALIGNMENT - 1);
  if (block == NULL) return PN_ERROR_NO_MEMORY;
  /* malloc on 32-bit ARM aligns to 8 bytes only. */
  const size_t misaligned = (uintptr_t)block % STATE_ALIGNMENT;
  *state = pn_state_build(block + (misaligned == 0 ? 0 : STATE_ALIGNMENT - misaligned), &plan);
  (*state)->allocation = block;
  return PN_OK;
}

void pn_destroy(pn_state *state) {
  if (state != NULL) free(state->allocation);
}

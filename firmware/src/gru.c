/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "network_state.h"
#include "settle.h"

void pn_gru_run(pn_network *net, pn_gru_id id, const int8_t *const *x, int frames,
                int8_t *const *y8) {
  const pn_matrix *input = &net->model->matrix[PN_MATRIX_GRU1_INPUT + 2 * (int)id];
  const pn_matrix *recurrent = input + 1;
  const pn_gru_scales scales = {input->multiplier, input->bias_q12, recurrent->multiplier,
                                recurrent->bias_q12};
  pn_gru_state *state = &net->gru[id];
  pn_matrix_product(net, input, x, frames);
  for (int frame = 0; frame < frames; frame++) {
    pn_matrix_times(net, recurrent, state->x8, net->acc_recurrent);
    net->kernels->gru_update(state->h_q24, state->x8, net->acc[frame], net->acc_recurrent, &scales,
                             state->units);
    const uint32_t key = net->settle_key[frame];
    if (key != 0) pn_settle(state->h_q24, state->x8, state->units, key);
    memcpy(y8[frame], state->x8, (size_t)state->units);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "network_state.h"

int8_t *pn_conv_slot(const pn_conv_window *window, int frame) {
  return window->x8 + (window->kernel_frames - 1 + frame) * window->units;
}

void pn_conv_run(pn_network *net, pn_conv_window *window, const pn_matrix *matrix, int frames,
                 int8_t *const *y8) {
  const int8_t *x[PN_NETWORK_MAX_FRAMES];
  for (int frame = 0; frame < PN_NETWORK_MAX_FRAMES; frame++) {
    x[frame] = window->x8 + frame * window->units;
  }
  pn_matrix_product(net, matrix, x, frames);
  for (int frame = 0; frame < frames; frame++) {
    pn_dense_tanh(net, matrix, net->acc[frame], PN_S8_ACC_SHIFT, y8[frame]);
  }
  memmove(window->x8, window->x8 + frames * window->units,
          (size_t)((window->kernel_frames - 1) * window->units));
}

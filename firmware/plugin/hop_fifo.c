/* SPDX-License-Identifier: Apache-2.0 */
#include "hop_fifo.h"

#include <math.h>
#include <string.h>

#define FULL_SCALE 32768.0f

/* Rounded to nearest and clamped; what is no number or infinite becomes 0. */
static int16_t to_int16(float sample) {
  const float scaled = sample * FULL_SCALE;
  if (!isfinite(sample)) return 0;
  if (scaled >= 32767.0f) return INT16_MAX;
  if (scaled <= -32768.0f) return INT16_MIN;
  return (int16_t)lrintf(scaled);
}

void pn_hop_fifo_reset(pn_hop_fifo *fifo) { memset(fifo, 0, sizeof *fifo); }

size_t pn_hop_fifo_pass(pn_hop_fifo *fifo, const float *in, float *out, size_t samples) {
  const size_t space = PN_FRAME_SAMPLES - fifo->fill;
  const size_t part = samples < space ? samples : space;
  for (size_t i = 0; i < part; i++) {
    fifo->in[fifo->fill + i] = to_int16(in[i]);
    out[i] = (float)fifo->out[fifo->fill + i] / FULL_SCALE;
  }
  fifo->fill += part;
  return part;
}

int pn_hop_fifo_is_complete(const pn_hop_fifo *fifo) { return fifo->fill == PN_FRAME_SAMPLES; }

void pn_hop_fifo_next(pn_hop_fifo *fifo) { fifo->fill = 0; }

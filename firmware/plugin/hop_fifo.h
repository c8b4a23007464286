/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of float samples of any size outside, hops of 480 16-bit samples inside; adds one hop
 * of delay whatever the block size is. */
#ifndef PN_HOP_FIFO_H
#define PN_HOP_FIFO_H

#include <stddef.h>
#include <stdint.h>

#include "percepnet/percepnet.h"

#define PN_HOP_FIFO_DELAY_SAMPLES PN_FRAME_SAMPLES

typedef struct pn_hop_fifo {
  int16_t in[PN_FRAME_SAMPLES];  /* the hop that comes in */
  int16_t out[PN_FRAME_SAMPLES]; /* the hop that goes out */
  size_t fill;                   /* samples of both that have passed */
} pn_hop_fifo;

/* Forget all samples; silence goes out first. */
void pn_hop_fifo_reset(pn_hop_fifo *fifo);

/* Pass samples until they or the hop end, and return how many; 0 only when samples is 0 or the
 * hop is complete. in and out may be the same buffer. */
size_t pn_hop_fifo_pass(pn_hop_fifo *fifo, const float *in, float *out, size_t samples);

/* Whether in is complete and the next out is wanted. */
int pn_hop_fifo_is_complete(const pn_hop_fifo *fifo);

/* Begin the next hop; out has been filled anew. */
void pn_hop_fifo_next(pn_hop_fifo *fifo);

#endif

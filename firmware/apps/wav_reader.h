/* SPDX-License-Identifier: Apache-2.0 */
/* Reads WAV files: 8/16/24/32-bit integers and 32/64-bit floats, plain or extensible. */
#ifndef PN_APPS_WAV_READER_H
#define PN_APPS_WAV_READER_H

#include <stdio.h>

#include "wav_format.h"

typedef struct pn_wav_reader {
  FILE *file;
  pn_wav_format format;
  uint64_t frames_left;
  uint8_t *raw; /* one block as it lies in the file */
} pn_wav_reader;

#define PN_WAV_BLOCK_FRAMES 960u

/* Open and check. NULL: success; otherwise what is wrong, a static text (no file stays open). */
const char *pn_wav_open(pn_wav_reader *reader, const char *path);

/* Read up to frames (at most PN_WAV_BLOCK_FRAMES) as interleaved int16, wider samples rounded half
 * up and clipped. *got receives the frames read. NULL or what is wrong, as above. */
const char *pn_wav_read(pn_wav_reader *reader, int16_t *samples, uint32_t frames, uint32_t *got);

/* Free everything; harmless on a closed reader. */
void pn_wav_close(pn_wav_reader *reader);

#endif

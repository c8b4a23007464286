/* SPDX-License-Identifier: Apache-2.0 */
/* Writes WAV files of every format that wav_reader.h reads. The file gets its final name only
 * when it is complete. */
#ifndef PN_APPS_WAV_WRITER_H
#define PN_APPS_WAV_WRITER_H

#include <stdbool.h>
#include <stdio.h>

#include "wav_format.h"

#define PN_WAV_PATH_MAX 4096

typedef struct pn_wav_writer {
  FILE *file;
  pn_wav_format format;
  const char *path;
  char part_path[PN_WAV_PATH_MAX];
} pn_wav_writer;

/* Begin a file of format->frames frames beside path. NULL, or what is wrong as a static text.
 * path must stay valid until the end. */
const char *pn_wav_create(pn_wav_writer *writer, const char *path, const pn_wav_format *format);

/* Append interleaved frames; false when the disk does not take them. */
bool pn_wav_write(pn_wav_writer *writer, const int16_t *samples, uint32_t frames);

/* Complete the file and give it its name. NULL or what is wrong (then nothing is left). */
const char *pn_wav_finish(pn_wav_writer *writer);

/* Delete what was written; harmless when nothing was begun or it is finished. */
void pn_wav_abandon(pn_wav_writer *writer);

#endif

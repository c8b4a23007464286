/* SPDX-License-Identifier: Apache-2.0 */
/* What reader and writer of WAV files share. */
#ifndef PN_APPS_WAV_FORMAT_H
#define PN_APPS_WAV_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#define PN_WAV_CHANNELS_MAX 64

typedef struct pn_wav_format {
  uint32_t sample_rate_hz;
  uint16_t channels; /* 1..PN_WAV_CHANNELS_MAX */
  uint16_t bits;     /* 8, 16, 24 or 32 integer; 32 or 64 float */
  uint16_t valid_bits;
  bool is_float;
  bool extensible; /* WAVE_FORMAT_EXTENSIBLE, with channel_mask and valid_bits */
  uint32_t channel_mask;
  uint64_t frames; /* samples per channel */
} pn_wav_format;

#define PN_WAV_TAG_PCM 1u
#define PN_WAV_TAG_FLOAT 3u
#define PN_WAV_TAG_EXTENSIBLE 0xFFFEu

/* The end of every sub-format GUID of WAVE_FORMAT_EXTENSIBLE; the tag comes before it. */
#define PN_WAV_GUID_TAIL \
  "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
#define PN_WAV_GUID_TAIL_BYTES 14u

#endif

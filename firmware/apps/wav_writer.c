/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include "wav_writer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

typedef struct header_bytes {
  uint8_t bytes[96];
  uint32_t used;
} header_bytes;

static void put(header_bytes *header, uint32_t value, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    header->bytes[header->used] = (uint8_t)((value >> (8 * i)) & 0xffu);
    header->used += 1;
  }
}

static void put_text(header_bytes *header, const char *text, unsigned count) {
  memcpy(header->bytes + header->used, text, count);
  header->used += count;
}

static void put_format(header_bytes *header, const pn_wav_format *format) {
  const uint32_t kind = format->is_float ? PN_WAV_TAG_FLOAT : PN_WAV_TAG_PCM;
  const uint32_t frame_bytes = (uint32_t)format->channels * format->bits / 8u;
  put_text(header, "fmt ", 4);
  put(header, format->extensible ? 40u : format->is_float ? 18u : 16u, 4);
  put(header, format->extensible ? PN_WAV_TAG_EXTENSIBLE : kind, 2);
  put(header, format->channels, 2);
  put(header, format->sample_rate_hz, 4);
  put(header, format->sample_rate_hz * frame_bytes, 4);
  put(header, frame_bytes, 2);
  put(header, format->bits, 2);
  if (format->extensible) {
    put(header, 22, 2);
    put(header, format->valid_bits, 2);
    put(header, format->channel_mask, 4);
    put(header, kind, 2);
    put_text(header, PN_WAV_GUID_TAIL, PN_WAV_GUID_TAIL_BYTES);
  } else if (format->is_float) {
    put(header, 0, 2);
  }
  if (format->is_float) {
    put_text(header, "fact", 4);
    put(header, 4, 4);
    put(header, (uint32_t)format->frames, 4);
  }
}

static bool write_header(pn_wav_writer *writer, uint32_t data_bytes) {
  header_bytes body = {{0}, 0};
  put_text(&body, "WAVE", 4);
  put_format(&body, &writer->format);
  put_text(&body, "data", 4);
  put(&body, data_bytes, 4);
  header_bytes riff = {{0}, 0};
  put_text(&riff, "RIFF", 4);
  put(&riff, body.used + data_bytes + (data_bytes & 1u), 4);
  return fwrite(riff.bytes, 1, riff.used, writer->file) == riff.used &&
         fwrite(body.bytes, 1, body.used, writer->file) == body.used;
}

const char *pn_wav_create(pn_wav_writer *writer, const char *path, const pn_wav_format *format) {
  memset(writer, 0, sizeof *writer);
  writer->format = *format;
  writer->path = path;
  const uint64_t data_bytes = format->frames * format->channels * format->bits / 8u;
  if (data_bytes > UINT32_MAX - sizeof(header_bytes)) return "would be larger than WAV allows";
  const int length = snprintf(writer->part_path, sizeof writer->part_path, "%s.%ld.part", path,
                              (long)getpid());
  if (length < 0 || (size_t)length >= sizeof writer->part_path) return "has too long a name";
  writer->file = fopen(writer->part_path, "wb");
  if (writer->file == NULL) return strerror(errno);
  if (write_header(writer, (uint32_t)data_bytes)) return NULL;
  const char *problem = strerror(errno);
  pn_wav_abandon(writer);
  return problem;
}

static size_t encode(const pn_wav_format *format, int16_t sample, uint8_t *raw) {
  if (format->is_float && format->bits == 32) {
    const float value = (float)sample / 32768.0f;
    memcpy(raw, &value, sizeof value);
    return sizeof value;
  }
  if (format->is_float) {
    const double value = (double)sample / 32768.0;
    memcpy(raw, &value, sizeof value);
    return sizeof value;
  }
  if (format->bits == 8) {
    const int32_t rounded = (sample + 32768 + 128) / 256;
    raw[0] = (uint8_t)(rounded > 255 ? 255 : rounded);
    return 1;
  }
  const unsigned zeros = format->bits / 8u - 2u;
  memset(raw, 0, zeros);
  raw[zeros] = (uint8_t)((uint16_t)sample & 0xffu);
  raw[zeros + 1] = (uint8_t)((uint16_t)sample >> 8);
  return zeros + 2;
}

bool pn_wav_write(pn_wav_writer *writer, const int16_t *samples, uint32_t frames) {
  uint8_t raw[8];
  for (size_t i = 0; i < (size_t)frames * writer->format.channels; ++i) {
    const size_t count = encode(&writer->format, samples[i], raw);
    if (fwrite(raw, 1, count, writer->file) != count) return false;
  }
  return true;
}

const char *pn_wav_finish(pn_wav_writer *writer) {
  const uint64_t bytes = writer->format.frames * writer->format.channels * writer->format.bits / 8u;
  bool good = (bytes & 1u) == 0 || fputc(0, writer->file) == 0;
  if (fclose(writer->file) != 0) good = false;
  writer->file = NULL;
  if (good && rename(writer->part_path, writer->path) == 0) return NULL;
  const char *problem = strerror(errno);
  remove(writer->part_path);
  return problem;
}

void pn_wav_abandon(pn_wav_writer *writer) {
  if (writer->file == NULL) return;
  fclose(writer->file);
  writer->file = NULL;
  remove(writer->part_path);
}

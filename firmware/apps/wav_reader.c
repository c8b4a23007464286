/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include "wav_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define FMT_BYTES_MAX 40u
#define SAMPLE_BYTES_MAX 8u

static const char truncated[] = "is truncated";

static uint32_t little_endian(const uint8_t *bytes, unsigned count) {
  uint32_t value = 0;
  for (unsigned i = 0; i < count; ++i) value |= (uint32_t)bytes[i] << (8 * i);
  return value;
}

static const char *check_layout(const pn_wav_format *format, uint32_t block_align) {
  const bool known_width = format->is_float ? format->bits == 32 || format->bits == 64
                                            : format->bits == 8 || format->bits == 16 ||
                                                  format->bits == 24 || format->bits == 32;
  if (!known_width) return "has a sample width that is not supported, try 16, 24 or 32 bits";
  if (format->channels < 1 || format->channels > PN_WAV_CHANNELS_MAX) {
    return "has a number of channels outside 1 to 64";
  }
  if (block_align != (uint32_t)format->channels * format->bits / 8u) {
    return "has a damaged header (block size)";
  }
  return NULL;
}

static const char *parse_format(const uint8_t *fmt, uint32_t bytes, pn_wav_format *format) {
  if (bytes < 16) return "has a damaged header (fmt chunk)";
  uint32_t tag = little_endian(fmt, 2);
  format->channels = (uint16_t)little_endian(fmt + 2, 2);
  format->sample_rate_hz = little_endian(fmt + 4, 4);
  format->bits = (uint16_t)little_endian(fmt + 14, 2);
  format->valid_bits = format->bits;
  format->extensible = tag == PN_WAV_TAG_EXTENSIBLE;
  if (format->extensible) {
    if (bytes < FMT_BYTES_MAX ||
        memcmp(fmt + 26, PN_WAV_GUID_TAIL, PN_WAV_GUID_TAIL_BYTES) != 0) {
      return "has a damaged header (extensible format)";
    }
    format->valid_bits = (uint16_t)little_endian(fmt + 18, 2);
    format->channel_mask = little_endian(fmt + 20, 4);
    tag = little_endian(fmt + 24, 2);
  }
  if (tag != PN_WAV_TAG_PCM && tag != PN_WAV_TAG_FLOAT) {
    return "is compressed, convert it to PCM first";
  }
  format->is_float = tag == PN_WAV_TAG_FLOAT;
  return check_layout(format, little_endian(fmt + 12, 2));
}

static const char *read_format(pn_wav_reader *reader, uint32_t bytes) {
  uint8_t fmt[FMT_BYTES_MAX] = {0};
  const size_t wanted = bytes < sizeof fmt ? bytes : sizeof fmt;
  if (fread(fmt, 1, wanted, reader->file) != wanted) return truncated;
  const off_t rest = (off_t)(bytes - wanted) + (off_t)(bytes & 1u);
  if (fseeko(reader->file, rest, SEEK_CUR) != 0) return truncated;
  return parse_format(fmt, (uint32_t)wanted, &reader->format);
}

/* Streaming writers leave a placeholder: then the audio goes on to the end of the file. */
static bool is_placeholder(uint32_t bytes) {
  return bytes == 0 || bytes == 0xffffffffu || bytes == 0x7fffffffu;
}

static const char *begin_data(pn_wav_reader *reader, uint32_t bytes) {
  const off_t start = ftello(reader->file);
  if (start < 0 || fseeko(reader->file, 0, SEEK_END) != 0) return "cannot be read";
  const off_t end = ftello(reader->file);
  if (end < start || fseeko(reader->file, start, SEEK_SET) != 0) return truncated;
  uint64_t present = (uint64_t)(end - start);
  if (!is_placeholder(bytes)) {
    if (present < bytes) return truncated;
    present = bytes;
  }
  reader->format.frames = present / ((uint64_t)reader->format.channels * reader->format.bits / 8u);
  reader->frames_left = reader->format.frames;
  return reader->format.frames == 0 ? "contains no audio" : NULL;
}

static const char *read_chunks(pn_wav_reader *reader) {
  bool have_format = false;
  for (;;) {
    uint8_t header[8];
    if (fread(header, 1, sizeof header, reader->file) != sizeof header) {
      return have_format ? "contains no audio (no data chunk)" : truncated;
    }
    const uint32_t bytes = little_endian(header + 4, 4);
    if (memcmp(header, "data", 4) == 0) {
      return have_format ? begin_data(reader, bytes) : "has a damaged header (no fmt chunk)";
    }
    if (memcmp(header, "fmt ", 4) == 0) {
      const char *problem = read_format(reader, bytes);
      if (problem != NULL) return problem;
      have_format = true;
    } else if (fseeko(reader->file, (off_t)bytes + (off_t)(bytes & 1u), SEEK_CUR) != 0) {
      return truncated;
    }
  }
}

static const char *read_header(pn_wav_reader *reader) {
  uint8_t riff[12];
  const size_t got = fread(riff, 1, sizeof riff, reader->file);
  if (got == 0) return ferror(reader->file) ? strerror(errno) : "is an empty file";
  if (got >= 4 && memcmp(riff, "RF64", 4) == 0) return "is RF64, use host_tools denoise for it";
  if (got < 4 || memcmp(riff, "RIFF", 4) != 0) return "is not a WAV file";
  if (got < sizeof riff) return truncated;
  if (memcmp(riff + 8, "WAVE", 4) != 0) return "is not a WAV file";
  return read_chunks(reader);
}

const char *pn_wav_open(pn_wav_reader *reader, const char *path) {
  memset(reader, 0, sizeof *reader);
  reader->file = fopen(path, "rb");
  if (reader->file == NULL) return strerror(errno);
  const char *problem = read_header(reader);
  if (problem == NULL) {
    reader->raw = malloc((size_t)PN_WAV_BLOCK_FRAMES * PN_WAV_CHANNELS_MAX * SAMPLE_BYTES_MAX);
    if (reader->raw == NULL) problem = "needs more memory than there is";
  }
  if (problem != NULL) pn_wav_close(reader);
  return problem;
}

static int16_t clip(int64_t value) {
  if (value > INT16_MAX) return INT16_MAX;
  return value < INT16_MIN ? INT16_MIN : (int16_t)value;
}

/* An unsigned sample of the given width, offset by half its range, rounded half up to 16 bits. */
static int16_t from_offset_binary(uint64_t offset_value, unsigned bits) {
  const unsigned shift = bits - 16;
  const uint64_t half = shift == 0 ? 0 : UINT64_C(1) << (shift - 1);
  return clip((int64_t)((offset_value + half) >> shift) - 32768);
}

static bool from_double(double value, int16_t *sample) {
  if (!(value - value == 0.0)) return false; /* NaN or infinite */
  const double scaled = value * 32768.0 + 0.5;
  if (scaled >= 32767.0) {
    *sample = INT16_MAX;
  } else if (scaled <= -32768.0) {
    *sample = INT16_MIN;
  } else {
    const int32_t towards_zero = (int32_t)scaled;
    *sample = (int16_t)(towards_zero > scaled ? towards_zero - 1 : towards_zero);
  }
  return true;
}

static bool convert(const pn_wav_format *format, const uint8_t *raw, int16_t *sample) {
  if (format->is_float && format->bits == 32) {
    float value;
    memcpy(&value, raw, sizeof value);
    return from_double((double)value, sample);
  }
  if (format->is_float) {
    double value;
    memcpy(&value, raw, sizeof value);
    return from_double(value, sample);
  }
  if (format->bits == 8) {
    *sample = (int16_t)((raw[0] - 128) * 256);
    return true;
  }
  const uint64_t value = little_endian(raw, format->bits / 8u);
  const uint64_t sign = UINT64_C(1) << (format->bits - 1);
  *sample = from_offset_binary(value ^ sign, format->bits);
  return true;
}

const char *pn_wav_read(pn_wav_reader *reader, int16_t *samples, uint32_t frames, uint32_t *got) {
  const pn_wav_format *format = &reader->format;
  const size_t width = format->bits / 8u;
  uint32_t count = frames < PN_WAV_BLOCK_FRAMES ? frames : PN_WAV_BLOCK_FRAMES;
  if (count > reader->frames_left) count = (uint32_t)reader->frames_left;
  const size_t values = (size_t)count * format->channels;
  if (fread(reader->raw, width, values, reader->file) != values) return truncated;
  for (size_t i = 0; i < values; ++i) {
    if (!convert(format, reader->raw + i * width, &samples[i])) {
      return "holds a NaN or infinite sample, repair the file";
    }
  }
  reader->frames_left -= count;
  *got = count;
  return NULL;
}

void pn_wav_close(pn_wav_reader *reader) {
  if (reader->file != NULL) fclose(reader->file);
  free(reader->raw);
  reader->file = NULL;
  reader->raw = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and strings in payloads: little-endian, bounds checked, no alignment needed. */
#ifndef PN_AGENT_WIRE_H
#define PN_AGENT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Appends to a block; once something did not fit, overflow stays set and nothing is written. */
typedef struct pn_writer {
  uint8_t *bytes;
  size_t capacity;
  size_t used;
  bool overflow;
} pn_writer;

/* Takes from a block; once it ran dry, underflow stays set and every value is 0. */
typedef struct pn_reader {
  const uint8_t *bytes;
  size_t left;
  bool underflow;
} pn_reader;

static inline void pn_put_bytes(pn_writer *writer, const void *source, size_t count) {
  if (writer->overflow || count > writer->capacity - writer->used) {
    writer->overflow = true;
    return;
  }
  if (count > 0) memcpy(writer->bytes + writer->used, source, count);
  writer->used += count;
}

static inline void pn_put_u8(pn_writer *writer, unsigned value) {
  const uint8_t byte = (uint8_t)(value & 0xffu);
  pn_put_bytes(writer, &byte, 1);
}

static inline void pn_put_u16(pn_writer *writer, unsigned value) {
  const uint8_t bytes[2] = {(uint8_t)(value & 0xffu), (uint8_t)((value >> 8) & 0xffu)};
  pn_put_bytes(writer, bytes, sizeof bytes);
}

static inline void pn_put_u32(pn_writer *writer, uint32_t value) {
  pn_put_u16(writer, value & 0xffffu);
  pn_put_u16(writer, value >> 16);
}

static inline void pn_put_u64(pn_writer *writer, uint64_t value) {
  pn_put_u32(writer, (uint32_t)(value & 0xffffffffu));
  pn_put_u32(writer, (uint32_t)(value >> 32));
}

/* One length byte and at most 255 bytes of UTF-8; NULL counts as empty. */
static inline void pn_put_string(pn_writer *writer, const char *text) {
  size_t count = text == NULL ? 0 : strlen(text);
  if (count > 255) count = 255;
  pn_put_u8(writer, (unsigned)count);
  pn_put_bytes(writer, text, count);
}

static inline const uint8_t *pn_take_bytes(pn_reader *reader, size_t count) {
  if (reader->underflow || count > reader->left) {
    reader->underflow = true;
    return NULL;
  }
  const uint8_t *start = reader->bytes;
  reader->bytes += count;
  reader->left -= count;
  return start;
}

static inline uint8_t pn_take_u8(pn_reader *reader) {
  const uint8_t *b = pn_take_bytes(reader, 1);
  return b == NULL ? 0 : b[0];
}

static inline uint16_t pn_take_u16(pn_reader *reader) {
  const uint8_t *b = pn_take_bytes(reader, 2);
  if (b == NULL) return 0;
  return (uint16_t)(b[0] | (b[1] << 8));
}

static inline uint32_t pn_take_u32(pn_reader *reader) {
  const uint32_t low = pn_take_u16(reader);
  const uint32_t high = pn_take_u16(reader);
  return reader->underflow ? 0 : low | (high << 16);
}

#endif

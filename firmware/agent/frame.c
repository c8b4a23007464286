/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "crc32.h"
#include "wire.h"

/* COBS writer: every run of up to 254 non-zero bytes is preceded by its length + 1. */
typedef struct cobs_writer {
  uint8_t *wire;
  size_t used;
  size_t code_at;
} cobs_writer;

static void cobs_start_run(cobs_writer *cobs) {
  cobs->code_at = cobs->used;
  cobs->wire[cobs->used] = 1;
  cobs->used += 1;
}

static void cobs_put(cobs_writer *cobs, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (cobs->wire[cobs->code_at] == 0xff) cobs_start_run(cobs);
    if (bytes[i] == 0) {
      cobs_start_run(cobs);
    } else {
      cobs->wire[cobs->used] = bytes[i];
      cobs->used += 1;
      cobs->wire[cobs->code_at] = (uint8_t)(cobs->wire[cobs->code_at] + 1);
    }
  }
}

/* Decode in place; false when a code runs past the end. */
static bool cobs_decode(uint8_t *bytes, size_t count, size_t *decoded) {
  size_t from = 0;
  size_t to = 0;
  while (from < count) {
    const size_t code = bytes[from];
    from += 1;
    if (code == 0 || code - 1 > count - from) return false;
    for (size_t i = 1; i < code; ++i) {
      bytes[to] = bytes[from];
      to += 1;
      from += 1;
    }
    if (code != 0xff && from < count) {
      bytes[to] = 0;
      to += 1;
    }
  }
  *decoded = to;
  return true;
}

size_t pn_frame_encode(const pn_frame *frame, uint8_t *wire) {
  if (frame->payload_bytes > PN_FRAME_PAYLOAD_MAX) return 0;
  uint8_t header[PN_FRAME_HEADER_BYTES];
  pn_writer writer = {header, sizeof header, 0, false};
  pn_put_u8(&writer, frame->version);
  pn_put_u8(&writer, frame->type);
  pn_put_u16(&writer, frame->session);
  pn_put_u16(&writer, frame->sequence);
  pn_put_u8(&writer, frame->status);
  pn_put_u8(&writer, 0);

  uint32_t crc = pn_crc32(0, header, sizeof header);
  crc = pn_crc32(crc, frame->payload, frame->payload_bytes);
  uint8_t tail[PN_FRAME_CRC_BYTES];
  pn_writer tail_writer = {tail, sizeof tail, 0, false};
  pn_put_u32(&tail_writer, crc);

  cobs_writer cobs = {wire, 1, 0};
  wire[0] = 0;
  cobs_start_run(&cobs);
  cobs_put(&cobs, header, sizeof header);
  cobs_put(&cobs, frame->payload, frame->payload_bytes);
  cobs_put(&cobs, tail, sizeof tail);
  wire[cobs.used] = 0;
  return cobs.used + 1;
}

static bool parse(pn_frame_receiver *receiver, pn_frame *frame) {
  size_t count = 0;
  if (receiver->overflow || !cobs_decode(receiver->bytes, receiver->used, &count)) return false;
  if (count < PN_FRAME_HEADER_BYTES + PN_FRAME_CRC_BYTES || count > PN_FRAME_RAW_MAX) return false;
  const size_t covered = count - PN_FRAME_CRC_BYTES;
  pn_reader tail = {receiver->bytes + covered, PN_FRAME_CRC_BYTES, false};
  const uint32_t crc = pn_take_u32(&tail);
  if (pn_crc32(0, receiver->bytes, covered) != crc) return false;

  pn_reader header = {receiver->bytes, covered, false};
  frame->version = pn_take_u8(&header);
  frame->type = pn_take_u8(&header);
  frame->session = pn_take_u16(&header);
  frame->sequence = pn_take_u16(&header);
  frame->status = pn_take_u8(&header);
  frame->crc = crc;
  frame->payload = receiver->bytes + PN_FRAME_HEADER_BYTES;
  frame->payload_bytes = covered - PN_FRAME_HEADER_BYTES;
  return true;
}

pn_frame_event pn_frame_receive(pn_frame_receiver *receiver, uint8_t byte, pn_frame *frame) {
  if (byte != 0) {
    if (receiver->used == sizeof receiver->bytes) {
      receiver->overflow = true;
    } else {
      receiver->bytes[receiver->used] = byte;
      receiver->used += 1;
    }
    return PN_FRAME_NONE;
  }
  if (receiver->used == 0) return PN_FRAME_NONE;
  const bool good = parse(receiver, frame);
  receiver->used = 0;
  receiver->overflow = false;
  return good ? PN_FRAME_GOOD : PN_FRAME_DAMAGED;
}

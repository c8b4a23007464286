/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on the link: header, payload and CRC-32, COBS-encoded between zero bytes.
 * Byte by byte in docs/protocol.md. */
#ifndef PN_AGENT_FRAME_H
#define PN_AGENT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PN_PROTOCOL_VERSION 1
#define PN_FRAME_HEADER_BYTES 8
#define PN_FRAME_CRC_BYTES 4
#define PN_FRAME_PAYLOAD_MAX 4096
#define PN_FRAME_RAW_MAX (PN_FRAME_HEADER_BYTES + PN_FRAME_PAYLOAD_MAX + PN_FRAME_CRC_BYTES)
/* COBS adds one byte per started 254; one delimiter before and one after. */
#define PN_FRAME_WIRE_MAX (PN_FRAME_RAW_MAX + PN_FRAME_RAW_MAX / 254 + 1 + 2)

typedef struct pn_frame {
  uint8_t version;
  uint8_t type;
  uint16_t session;
  uint16_t sequence;
  uint8_t status;
  uint32_t crc; /* as received; tells a repeated request from a new one */
  const uint8_t *payload;
  size_t payload_bytes; /* 0..PN_FRAME_PAYLOAD_MAX */
} pn_frame;

typedef enum pn_frame_event {
  PN_FRAME_NONE = 0,   /* more bytes needed */
  PN_FRAME_GOOD = 1,   /* frame filled in; its payload lies in the receiver until the next byte */
  PN_FRAME_DAMAGED = 2 /* bytes between two delimiters that are no valid frame */
} pn_frame_event;

typedef struct pn_frame_receiver {
  uint8_t bytes[PN_FRAME_WIRE_MAX];
  size_t used;
  bool overflow;
} pn_frame_receiver;

/* Encode a frame, delimiters included, into wire[PN_FRAME_WIRE_MAX]; the crc field is computed.
 * Returns the bytes to send; 0 when the payload is too long. */
size_t pn_frame_encode(const pn_frame *frame, uint8_t *wire);

/* Take one byte from the link. Any bytes are allowed; after damage the next zero byte resyncs. */
pn_frame_event pn_frame_receive(pn_frame_receiver *receiver, uint8_t byte, pn_frame *frame);

#endif

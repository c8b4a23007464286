/* SPDX-License-Identifier: Apache-2.0 */
/* The link side of the agent: sessions, repetition, damaged frames. */
#include "commands.h"

#define DAMAGED_NOTICES_MAX 16u /* in a row: an echoing terminal must not be answered for ever */

static void pn_agent_transmit(pn_agent *agent, const pn_frame *frame) {
  const size_t count = pn_frame_encode(frame, agent->wire);
  if (!agent->platform->write(agent->platform->user, agent->wire, count)) agent->link_lost = true;
}

void pn_agent_send(pn_agent *agent, uint8_t type, uint16_t sequence, uint8_t status,
                   const uint8_t *payload, size_t bytes) {
  const pn_frame frame = {.version = PN_PROTOCOL_VERSION,
                          .type = type,
                          .session = agent->session,
                          .sequence = sequence,
                          .status = status,
                          .payload = payload,
                          .payload_bytes = bytes};
  pn_agent_transmit(agent, &frame);
}

/* In the session of the asker, who could not match the refusal otherwise. */
static void pn_agent_refuse(pn_agent *agent, const pn_frame *request, pn_agent_status status) {
  const pn_frame frame = {.version = PN_PROTOCOL_VERSION,
                          .type = (uint8_t)(request->type | PN_RESPONSE),
                          .session = request->session,
                          .sequence = request->sequence,
                          .status = (uint8_t)status};
  pn_agent_transmit(agent, &frame);
}

static bool pn_agent_is_repeated(const pn_agent *agent, const pn_frame *frame) {
  return agent->once.valid && agent->once.type == frame->type &&
         agent->once.sequence == frame->sequence && agent->once.crc == frame->crc;
}

static void pn_agent_remember(pn_agent *agent, const pn_frame *frame, uint8_t status,
                              const pn_writer *answer) {
  pn_agent_once *once = &agent->once;
  once->valid = answer->used <= sizeof once->payload;
  once->type = frame->type;
  once->status = status;
  once->sequence = frame->sequence;
  once->crc = frame->crc;
  once->bytes = answer->used;
  if (once->valid) memcpy(once->payload, answer->bytes, answer->used);
}

/* Answer one undamaged frame. Frames with the response bit are an echo of our own: ignored. */
static void pn_agent_answer(pn_agent *agent, const pn_frame *frame) {
  const uint8_t type = (uint8_t)(frame->type | PN_RESPONSE);
  if ((frame->type & PN_RESPONSE) != 0) return;
  agent->damaged_in_a_row = 0;
  if (frame->version != PN_PROTOCOL_VERSION) {
    pn_agent_refuse(agent, frame, PN_AGENT_VERSION);
    return;
  }
  if (frame->type == PN_COMMAND_IDENTIFY && frame->session != agent->session) {
    agent->session = frame->session;
    agent->once.valid = false;
  }
  if (frame->session != agent->session || frame->session == 0) {
    pn_agent_refuse(agent, frame, PN_AGENT_NO_SESSION);
    return;
  }
  if (pn_agent_is_repeated(agent, frame)) {
    pn_agent_send(agent, type, frame->sequence, agent->once.status, agent->once.payload,
                  agent->once.bytes);
    return;
  }
  pn_writer answer = {agent->payload, sizeof agent->payload, 0, false};
  const uint8_t status = (uint8_t)pn_agent_execute(agent, frame, &answer);
  if (frame->type == PN_COMMAND_RUN || frame->type == PN_COMMAND_STREAM) {
    pn_agent_remember(agent, frame, status, &answer);
  }
  pn_agent_send(agent, type, frame->sequence, status, answer.bytes, answer.used);
  if (agent->flash.start) {
    agent->flash.start = false;
    agent->platform->image_start(agent->platform->user);
  }
}

static void pn_agent_receive(pn_agent *agent, uint8_t byte) {
  pn_frame frame;
  switch (pn_frame_receive(&agent->receiver, byte, &frame)) {
    case PN_FRAME_NONE: break;
    case PN_FRAME_GOOD: pn_agent_answer(agent, &frame); break;
    case PN_FRAME_DAMAGED:
      agent->damaged_in_a_row += 1;
      if (agent->session != 0 && agent->damaged_in_a_row <= DAMAGED_NOTICES_MAX) {
        pn_agent_send(agent, PN_NOTICE_DAMAGED, 0, PN_AGENT_OK, NULL, 0);
      }
      break;
  }
}

bool pn_agent_serve(pn_agent *agent) {
  uint8_t bytes[512];
  agent->finished = false;
  while (!agent->link_lost && !agent->finished) {
    const size_t count = agent->platform->read(agent->platform->user, bytes, sizeof bytes);
    if (count == 0) break;
    for (size_t i = 0; i < count && !agent->finished; ++i) pn_agent_receive(agent, bytes[i]);
  }
  return agent->finished;
}

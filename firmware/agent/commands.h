/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the protocol (docs/protocol.md) and what the agent's parts offer one another. */
#ifndef PN_AGENT_COMMANDS_H
#define PN_AGENT_COMMANDS_H

#include "agent.h"
#include "wire.h"

typedef enum pn_command {
  PN_COMMAND_IDENTIFY = 0x01,
  PN_COMMAND_CONFIGURE = 0x02,
  PN_COMMAND_RESET = 0x03,
  PN_COMMAND_UPLOAD = 0x04,
  PN_COMMAND_RUN = 0x05,
  PN_COMMAND_DOWNLOAD = 0x06,
  PN_COMMAND_STREAM = 0x07,
  PN_COMMAND_GOODBYE = 0x08,
  PN_COMMAND_FLASH_BEGIN = 0x10,
  PN_COMMAND_FLASH_BLOCKS = 0x11,
  PN_COMMAND_FLASH_WRITE = 0x12,
  PN_COMMAND_FLASH_COMMIT = 0x13,
  PN_COMMAND_READ_FILE = 0x20,
  PN_COMMAND_LIST_FOLDER = 0x21,
  PN_COMMAND_FIRMWARE_QUERY = 0x22
} pn_command;

#define PN_RESPONSE 0x80          /* added to the command */
#define PN_NOTICE_PROGRESS 0xF0   /* while RUN works; carries its sequence number */
#define PN_NOTICE_DAMAGED 0xF1    /* a damaged frame arrived: please send again */

typedef enum pn_agent_status {
  PN_AGENT_OK = 0,
  PN_AGENT_UNKNOWN_COMMAND = 1,
  PN_AGENT_BAD_LENGTH = 2,
  PN_AGENT_OUT_OF_RANGE = 3,
  PN_AGENT_NO_SESSION = 4,
  PN_AGENT_VERSION = 5,
  PN_AGENT_INPUT_DIFFERS = 6,
  PN_AGENT_LIBRARY = 7,
  PN_AGENT_NO_ROOM = 8,
  PN_AGENT_IMAGE_DIFFERS = 9,
  PN_AGENT_IMAGE_UNFIT = 10,
  PN_AGENT_FAILED = 11
} pn_agent_status;

#define PN_REGION_OUTPUT 0
#define PN_REGION_CALL_TIMES 1
#define PN_REGION_STAGE_TIMES 2
#define PN_REGION_CALL_COUNTS 3
#define PN_REGION_STAGE_COUNTS 4
#define PN_REGION_WAKE_UPS 5

#define PN_ABILITY_CPU_CLOCK 0x01u
#define PN_ABILITY_PACING 0x02u
#define PN_ABILITY_COUNTERS 0x04u
#define PN_ABILITY_FLASH 0x08u
#define PN_ABILITY_READINGS 0x10u

#define PN_SETTING_BYPASS 0x01
#define PN_SETTING_PACKETS 0x02
#define PN_SETTING_STAGE_TIMES 0x04
#define PN_SETTING_STAGE_MARKS 0x08
#define PN_SETTING_STAGE_COUNTERS 0x10

/* Send one frame in the current session. */
void pn_agent_send(pn_agent *agent, uint8_t type, uint16_t sequence, uint8_t status,
                   const uint8_t *payload, size_t bytes);

/* Status LIBRARY with the code and its one line as payload. */
pn_agent_status pn_agent_library_error(pn_writer *answer, pn_status status);

/* Put the settings into force and reset; on failure the state is gone until the next call. */
pn_status pn_agent_apply(pn_agent *agent, const pn_agent_settings *settings);

/* Carry out one request of the current session; fills the answer, gives its status. */
pn_agent_status pn_agent_execute(pn_agent *agent, const pn_frame *frame, pn_writer *answer);

/* RUN and STREAM. The answer is a payload to fill; the result its status. */
pn_agent_status pn_agent_run(pn_agent *agent, uint16_t sequence, pn_reader *request,
                             pn_writer *answer);
pn_agent_status pn_agent_stream(pn_agent *agent, pn_reader *request, pn_writer *answer);

/* The counters now; zeros without any. */
pn_agent_counts pn_agent_counts_now(const pn_agent *agent);

/* FLASH_*, by their number in type. */
pn_agent_status pn_agent_flash_command(pn_agent *agent, uint8_t type, pn_reader *request,
                                       pn_writer *answer);

/* READ_FILE, LIST_FOLDER and FIRMWARE_QUERY, by their number in type. */
pn_agent_status pn_agent_readings(const pn_agent *agent, uint8_t type, pn_reader *request,
                                  pn_writer *answer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* FLASH_BEGIN, FLASH_BLOCKS, FLASH_WRITE and FLASH_COMMIT: a new program, gathered and checked in
 * memory before the one that runs is touched. */
#include "commands.h"
#include "crc32.h"

#define BLOCK_BYTES 2048u
#define BLOCKS_AT_ONCE 1020u

static uint32_t pn_agent_blocks(const pn_agent_flash *flash) {
  return (flash->bytes + BLOCK_BYTES - 1u) / BLOCK_BYTES;
}

static pn_agent_status pn_agent_flash_begin(pn_agent *agent, pn_reader *request,
                                            pn_writer *answer) {
  pn_agent_flash *flash = &agent->flash;
  const uint32_t bytes = pn_take_u32(request);
  const uint32_t crc = pn_take_u32(request);
  if (request->underflow || bytes == 0) return PN_AGENT_BAD_LENGTH;
  size_t room = 0;
  flash->memory = agent->platform->image_begin(agent->platform->user, bytes, &room);
  if (flash->memory == NULL) {
    pn_put_u32(answer, room > UINT32_MAX ? UINT32_MAX : (uint32_t)room);
    return PN_AGENT_NO_ROOM;
  }
  flash->bytes = bytes;
  flash->crc = crc;
  pn_put_u32(answer, BLOCK_BYTES);
  pn_put_u32(answer, pn_agent_blocks(flash));
  return PN_AGENT_OK;
}

static pn_agent_status pn_agent_flash_blocks(const pn_agent *agent, pn_reader *request,
                                             pn_writer *answer) {
  const pn_agent_flash *flash = &agent->flash;
  const uint32_t first = pn_take_u32(request);
  const uint32_t count = pn_take_u16(request);
  if (request->underflow) return PN_AGENT_BAD_LENGTH;
  const uint32_t blocks = pn_agent_blocks(flash);
  if (count > BLOCKS_AT_ONCE || first > blocks || count > blocks - first) {
    return PN_AGENT_OUT_OF_RANGE;
  }
  pn_put_u32(answer, first);
  pn_put_u16(answer, count);
  pn_put_u16(answer, 0);
  for (uint32_t block = first; block < first + count; ++block) {
    const uint32_t at = block * BLOCK_BYTES;
    const uint32_t left = flash->bytes - at;
    pn_put_u32(answer, pn_crc32(0, flash->memory + at, left < BLOCK_BYTES ? left : BLOCK_BYTES));
  }
  return PN_AGENT_OK;
}

static pn_agent_status pn_agent_flash_write(const pn_agent *agent, pn_reader *request) {
  const pn_agent_flash *flash = &agent->flash;
  const uint32_t offset = pn_take_u32(request);
  if (request->underflow) return PN_AGENT_BAD_LENGTH;
  if (offset > flash->bytes || request->left > flash->bytes - offset) return PN_AGENT_OUT_OF_RANGE;
  if (request->left > 0) memcpy(flash->memory + offset, request->bytes, request->left);
  return PN_AGENT_OK;
}

static pn_agent_status pn_agent_flash_commit(pn_agent *agent, pn_writer *answer) {
  const pn_agent_platform *platform = agent->platform;
  pn_agent_flash *flash = &agent->flash;
  if (pn_crc32(0, flash->memory, flash->bytes) != flash->crc) return PN_AGENT_IMAGE_DIFFERS;
  const char *unfit = platform->image_check(platform->user, flash->bytes);
  if (unfit != NULL) {
    pn_put_string(answer, unfit);
    return PN_AGENT_IMAGE_UNFIT;
  }
  const char *failure = platform->image_install(platform->user, flash->bytes);
  if (failure != NULL) {
    pn_put_string(answer, failure);
    return PN_AGENT_FAILED;
  }
  flash->start = true;
  return PN_AGENT_OK;
}

pn_agent_status pn_agent_flash_command(pn_agent *agent, uint8_t type, pn_reader *request,
                                       pn_writer *answer) {
  if (agent->platform->image_begin == NULL) return PN_AGENT_UNKNOWN_COMMAND;
  if (type == PN_COMMAND_FLASH_BEGIN) return pn_agent_flash_begin(agent, request, answer);
  if (agent->flash.memory == NULL) return PN_AGENT_OUT_OF_RANGE; /* not begun */
  switch (type) {
    case PN_COMMAND_FLASH_BLOCKS: return pn_agent_flash_blocks(agent, request, answer);
    case PN_COMMAND_FLASH_WRITE: return pn_agent_flash_write(agent, request);
    case PN_COMMAND_FLASH_COMMIT: return pn_agent_flash_commit(agent, answer);
    default: return PN_AGENT_UNKNOWN_COMMAND;
  }
}

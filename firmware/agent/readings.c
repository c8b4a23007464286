/* SPDX-License-Identifier: Apache-2.0 */
/* Readings of the board for the host: which paths and questions are allowed, and the answers. */
#include "commands.h"

#define PATH_BYTES 256u /* a string of the protocol and its NUL */
#define TEXT_BYTES 4000u

/* The next string of the request, NUL-terminated into text; false when it holds a NUL itself. */
static bool pn_agent_take_text(pn_reader *request, char text[PATH_BYTES]) {
  const size_t count = pn_take_u8(request);
  const uint8_t *bytes = pn_take_bytes(request, count);
  text[0] = '\0';
  if (bytes == NULL) return true; /* underflow tells */
  memcpy(text, bytes, count);
  text[count] = '\0';
  return strlen(text) == count;
}

static bool pn_agent_begins(const char *text, const char *start) {
  const size_t count = strlen(start);
  return strlen(text) >= count && memcmp(text, start, count) == 0;
}

/* Below /proc or /sys, and no way up again. */
static bool pn_agent_path_allowed(const char *path) {
  if (!pn_agent_begins(path, "/proc/") && !pn_agent_begins(path, "/sys/")) return false;
  for (const char *at = path; *at != '\0'; ++at) {
    if (pn_agent_begins(at, "/..") && (at[3] == '/' || at[3] == '\0')) return false;
  }
  return true;
}

static bool pn_agent_question_allowed(const char *question) {
  static const char *const known[] = {"get_throttled", "measure_temp", "measure_clock arm",
                                      "pmic_read_adc"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i) {
    if (strlen(question) == strlen(known[i]) && pn_agent_begins(question, known[i])) return true;
  }
  return false;
}

static pn_agent_status pn_agent_failed(pn_writer *answer, const pn_agent_text *text) {
  answer->used = 0;
  pn_put_string(answer, text->reason != NULL ? text->reason : "no reason given");
  return PN_AGENT_FAILED;
}

/* The hooks write straight into the answer, behind the byte that says whether more follows. */
static pn_agent_status pn_agent_read_system(const pn_agent *agent, uint8_t type,
                                            pn_reader *request, pn_writer *answer) {
  const pn_agent_platform *platform = agent->platform;
  char path[PATH_BYTES];
  const uint32_t from = pn_take_u32(request);
  const bool sound = pn_agent_take_text(request, path);
  if (request->underflow) return PN_AGENT_BAD_LENGTH;
  if (!sound || !pn_agent_path_allowed(path)) return PN_AGENT_OUT_OF_RANGE;
  pn_agent_text text = {.bytes = answer->bytes + 1, .capacity = TEXT_BYTES};
  const bool done = type == PN_COMMAND_READ_FILE
                        ? platform->read_file(platform->user, path, from, &text)
                        : platform->list_folder(platform->user, path, from, &text);
  if (!done) return pn_agent_failed(answer, &text);
  pn_put_u8(answer, text.ended ? 1 : 0);
  answer->used += text.used;
  return PN_AGENT_OK;
}

static pn_agent_status pn_agent_query_firmware(const pn_agent *agent, pn_reader *request,
                                               pn_writer *answer) {
  const pn_agent_platform *platform = agent->platform;
  char question[PATH_BYTES];
  const bool sound = pn_agent_take_text(request, question);
  if (request->underflow) return PN_AGENT_BAD_LENGTH;
  if (!sound || !pn_agent_question_allowed(question)) return PN_AGENT_OUT_OF_RANGE;
  pn_agent_text text = {.bytes = answer->bytes, .capacity = TEXT_BYTES};
  if (!platform->query_firmware(platform->user, question, &text)) {
    return pn_agent_failed(answer, &text);
  }
  answer->used = text.used;
  return PN_AGENT_OK;
}

pn_agent_status pn_agent_readings(const pn_agent *agent, uint8_t type, pn_reader *request,
                                  pn_writer *answer) {
  if (agent->platform->read_file == NULL) return PN_AGENT_UNKNOWN_COMMAND;
  if (type == PN_COMMAND_FIRMWARE_QUERY) return pn_agent_query_firmware(agent, request, answer);
  return pn_agent_read_system(agent, type, request, answer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks for readings (pn_agent_platform) on Linux: folders below /proc and /sys, the files
 * there that every user may read, and answers of the program vcgencmd. user is not used. */
#ifndef PN_AGENT_READINGS_LINUX_H
#define PN_AGENT_READINGS_LINUX_H

#include "agent.h"

bool pn_linux_read_file(void *user, const char *path, uint32_t offset, pn_agent_text *text);
bool pn_linux_list_folder(void *user, const char *path, uint32_t skip, pn_agent_text *text);
bool pn_linux_query_firmware(void *user, const char *question, pn_agent_text *text);

#endif

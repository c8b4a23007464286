/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's own program file replaced by what the host sends: hooks of pn_agent_platform. The old
 * file stays beside the new one as PATH.before. user is not used. */
#ifndef PN_AGENT_FLASH_LINUX_H
#define PN_AGENT_FLASH_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Call first, with main's arguments, which the new program gets. False: this system does not tell
 * where the program's file is, so it cannot be replaced. */
bool pn_linux_flash_prepare(char **arguments);

uint8_t *pn_linux_image_begin(void *user, size_t bytes, size_t *room);
const char *pn_linux_image_check(void *user, size_t bytes);
const char *pn_linux_image_install(void *user, size_t bytes);
void pn_linux_image_start(void *user);

#endif

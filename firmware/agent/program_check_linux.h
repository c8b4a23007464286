/* SPDX-License-Identifier: Apache-2.0 */
/* Whether bytes are an agent for this machine, before they become one. */
#ifndef PN_AGENT_PROGRAM_CHECK_LINUX_H
#define PN_AGENT_PROGRAM_CHECK_LINUX_H

#include <stddef.h>
#include <stdint.h>

/* Why they are no agent for this processor, one line; NULL: they are, as far as can be seen. */
const char *pn_linux_program_unfit(const uint8_t *program, size_t bytes);

/* Why the file at path does not start on this system (asked for its version), one line; NULL: it
 * does. Takes 3 s at most. */
const char *pn_linux_program_fails(const char *path);

#endif

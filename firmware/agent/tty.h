/* SPDX-License-Identifier: Apache-2.0 */
/* A serial line of Linux as the agent's link. */
#ifndef PN_AGENT_TTY_H
#define PN_AGENT_TTY_H

/* Open "PATH" or "PATH,BAUD" (default 115200) raw: 8 bits, no parity, no echo, no flow control.
 * Returns the descriptor, or -1 with one line about it on stderr. */
int pn_agent_open_tty(const char *description);

#endif

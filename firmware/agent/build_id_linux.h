/* SPDX-License-Identifier: Apache-2.0 */
/* The linker's build id of the running program, on Linux. */
#ifndef PN_AGENT_BUILD_ID_LINUX_H
#define PN_AGENT_BUILD_ID_LINUX_H

/* Hex digits; "" when the program was linked without one. */
const char *pn_linux_build_id(void);

#endif

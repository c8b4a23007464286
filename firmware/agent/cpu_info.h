/* SPDX-License-Identifier: Apache-2.0 */
/* What CPU this is, on Linux: name and instruction set. */
#ifndef PN_AGENT_CPU_INFO_H
#define PN_AGENT_CPU_INFO_H

#include <stddef.h>

/* "aarch64", "armv7", "x86_64" or "unknown"; fixed when compiled. */
const char *pn_agent_cpu_arch(void);

/* Write a name such as "Cortex-A53" into name[bytes]; "unknown" when the system does not say. */
void pn_agent_cpu_name(char *name, size_t bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Where things lie in the lower gigabyte of a Raspberry Pi 3 or 4 (bytes). All images keep these
 * places, so that one can start another: the program is below PN_PROGRAM_END (kernel8.ld). */
#ifndef PN_MEMORY_MAP_H
#define PN_MEMORY_MAP_H

#include <stdint.h>

#define PN_MIB ((uintptr_t)1 << 20)
#define PN_PROGRAM_START ((uintptr_t)0x80000)
#define PN_PROGRAM_END (32u * PN_MIB)
#define PN_AGENT_MEMORY (32u * PN_MIB) /* the denoiser's state and audio */
#define PN_AGENT_MEMORY_BYTES (48u * PN_MIB)
#define PN_STAGING (80u * PN_MIB) /* a new image on its way */
#define PN_STAGING_BYTES (30u * PN_MIB)
#define PN_TRAMPOLINE (112u * PN_MIB) /* the code that copies it over the old one */
#define PN_DEVICE_TREE_COPY (PN_TRAMPOLINE + PN_MIB)
#define PN_DEVICE_TREE_MAX PN_MIB
#define PN_RAM_END (0x3b000000u) /* the GPU's memory lies above on every board of this kind */

#endif

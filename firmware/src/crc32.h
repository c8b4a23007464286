/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CRC32_H
#define PN_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 of IEEE 802.3 (reflected polynomial 0xEDB88320, as zlib's crc32) of bytes octets.
 * crc is 0 to begin, or the result so far to go on. */
uint32_t pn_crc32(uint32_t crc, const void *data, size_t bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What stands 8 bytes into kernel8.img (written by start.S), for loaders. Little-endian. */
#ifndef PN_IMAGE_HEADER_H
#define PN_IMAGE_HEADER_H

#include <stdint.h>

#define PN_IMAGE_HEADER_OFFSET 8u
#define PN_IMAGE_MAGIC "PNKERNEL"
#define PN_IMAGE_HEADER_VERSION 1u
#define PN_IMAGE_MACHINE 0xaa64u /* Raspberry Pi 3 and 4, 64 bits */

typedef struct pn_image_header {
  char magic[8]; /* PN_IMAGE_MAGIC, no terminator */
  uint32_t header_version;
  uint32_t machine;
  uint64_t load_address;
  uint64_t image_bytes;     /* without the checksum line that the build appends */
  uint64_t build_id_offset; /* of an ELF note with the linker's build id */
} pn_image_header;

#endif

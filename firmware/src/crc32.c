/* SPDX-License-Identifier: Apache-2.0 */
#include "crc32.h"

#define POLYNOMIAL 0xEDB88320u
#define SLICES 4
#define SHORT_BYTES 256 /* below this the tables cost more than they save */

static uint32_t shift_byte(uint32_t crc) {
  for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0u - (crc & 1u)));
  return crc;
}

/* table[s][b]: effect of byte b after s further zero bytes. */
static void build_tables(uint32_t table[SLICES][256]) {
  for (uint32_t byte = 0; byte < 256; byte++) table[0][byte] = shift_byte(byte);
  for (int slice = 1; slice < SLICES; slice++) {
    for (int byte = 0; byte < 256; byte++) {
      const uint32_t before = table[slice - 1][byte];
      table[slice][byte] = (before >> 8) ^ table[0][before & 255u];
    }
  }
}

uint32_t pn_crc32(uint32_t crc, const void *data, size_t bytes) {
  const uint8_t *p = data;
  crc = ~crc;
  if (bytes >= SHORT_BYTES) {
    uint32_t table[SLICES][256];
    build_tables(table);
    for (; bytes >= 4; bytes -= 4, p += 4) {
      crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
      crc = table[3][crc & 255u] ^ table[2][(crc >> 8) & 255u] ^ table[1][(crc >> 16) & 255u] ^
            table[0][crc >> 24];
    }
  }
  for (; bytes > 0; bytes--) crc = shift_byte((crc ^ *p++) & 255u) ^ (crc >> 8);
  return ~crc;
}

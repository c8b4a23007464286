/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen bytes a step: compilers turn struct copies and clears of the measured code into calls of
 * these. Unaligned access is allowed once the MMU is on. */
#include <string.h>

#include <arm_neon.h>
#include <stdint.h>

/* From low to high addresses: right for blocks that do not overlap, or with out below in. */
static void copy_upwards(uint8_t *out, const uint8_t *in, size_t bytes) {
  for (; bytes >= 16; bytes -= 16, in += 16, out += 16) vst1q_u8(out, vld1q_u8(in));
  for (; bytes > 0; --bytes) *out++ = *in++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  copy_upwards(to, from, bytes);
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((uintptr_t)out - (uintptr_t)in >= bytes) { /* not within the source */
    copy_upwards(out, in, bytes);
    return to;
  }
  for (; bytes >= 16; bytes -= 16) vst1q_u8(out + bytes - 16, vld1q_u8(in + bytes - 16));
  for (; bytes > 0; --bytes) out[bytes - 1] = in[bytes - 1];
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  uint8_t *out = to;
  const uint8x16_t block = vdupq_n_u8((uint8_t)value);
  for (; bytes >= 16; bytes -= 16, out += 16) vst1q_u8(out, block);
  for (; bytes > 0; --bytes) *out++ = (uint8_t)value;
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const uint8_t *left = a;
  const uint8_t *right = b;
  for (size_t i = 0; i < bytes; ++i) {
    if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
  }
  return 0;
}

void *memchr(const void *bytes, int value, size_t count) {
  const uint8_t *at = bytes;
  for (size_t i = 0; i < count; ++i) {
    if (at[i] == (uint8_t)value) return (void *)(uintptr_t)(at + i);
  }
  return NULL;
}

size_t strlen(const char *text) {
  size_t count = 0;
  while (text[count] != '\0') ++count;
  return count;
}

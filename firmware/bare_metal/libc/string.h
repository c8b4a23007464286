/* SPDX-License-Identifier: Apache-2.0 */
/* What library and agent need of the C library where there is none. */
#ifndef PN_STRING_H
#define PN_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *bytes, int value, size_t count);
size_t strlen(const char *text);

#endif

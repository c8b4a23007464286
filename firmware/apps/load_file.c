/* SPDX-License-Identifier: Apache-2.0 */
#include "load_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ALIGNMENT 64u

static long file_size(FILE *file) {
  if (fseek(file, 0, SEEK_END) != 0) return -1;
  const long size = ftell(file);
  return fseek(file, 0, SEEK_SET) == 0 ? size : -1;
}

static void *read_all(FILE *file, size_t *bytes) {
  const long size = file_size(file);
  if (size < 0) return NULL;
  if (size == 0) {
    errno = EINVAL;
    return NULL;
  }
  *bytes = (size_t)size;
  void *memory = aligned_alloc(ALIGNMENT, (*bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  if (memory != NULL && fread(memory, 1, *bytes, file) != *bytes) {
    free(memory);
    memory = NULL;
    if (errno == 0) errno = EIO;
  }
  return memory;
}

void *pn_load_file(const char *path, size_t *bytes) {
  errno = 0;
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  void *memory = read_all(file, bytes);
  const int failure = errno;
  fclose(file);
  errno = failure;
  return memory;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_APPS_LOAD_FILE_H
#define PN_APPS_LOAD_FILE_H

#include <stddef.h>

/* Read a whole file into new memory aligned to 64 bytes (free() it). NULL on failure, with errno
 * saying why; an empty file is EINVAL. */
void *pn_load_file(const char *path, size_t *bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The model image that the build put into the library, if any. */
#ifndef PN_EMBEDDED_MODEL_H
#define PN_EMBEDDED_MODEL_H

#include <stddef.h>

/* Start of the embedded image (64-byte aligned) and its size in *bytes;
 * NULL and 0 when the library was built without a model. bytes must not be NULL. */
const void *pn_embedded_model(size_t *bytes);

#endif

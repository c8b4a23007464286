/* SPDX-License-Identifier: Apache-2.0 */
/* Embeds the model image named by PN_EMBEDDED_MODEL_FILE with the assembler's .incbin, or takes
 * the array that the build wrote into PN_EMBEDDED_MODEL_ARRAY for compilers without GNU assembly. */
#include "embedded_model.h"

#include <stdint.h>

#if defined(PN_EMBEDDED_MODEL_FILE)

#if UINTPTR_MAX > 0xFFFFFFFFu
#define PN_SIZE_DIRECTIVE ".8byte"
#else
#define PN_SIZE_DIRECTIVE ".4byte"
#endif

extern const unsigned char pn_embedded_model_start[];
extern const size_t pn_embedded_model_size;

__asm__(".pushsection .rodata.pn_model, \"a\", %progbits\n"
        ".balign 64\n"
        ".globl pn_embedded_model_start\n"
        ".hidden pn_embedded_model_start\n"
        ".type pn_embedded_model_start, %object\n"
        "pn_embedded_model_start:\n"
        ".incbin \"" PN_EMBEDDED_MODEL_FILE "\"\n"
        ".Lpn_embedded_model_end:\n"
        ".size pn_embedded_model_start, .Lpn_embedded_model_end - pn_embedded_model_start\n"
        ".balign 8\n"
        ".globl pn_embedded_model_size\n"
        ".hidden pn_embedded_model_size\n"
        ".type pn_embedded_model_size, %object\n"
        "pn_embedded_model_size:\n"
        PN_SIZE_DIRECTIVE " .Lpn_embedded_model_end - pn_embedded_model_start\n"
        ".size pn_embedded_model_size, . - pn_embedded_model_size\n"
        ".popsection\n");

const void *pn_embedded_model(size_t *bytes) {
  *bytes = pn_embedded_model_size;
  return pn_embedded_model_start;
}

#elif defined(PN_EMBEDDED_MODEL_ARRAY)

static _Alignas(64) const unsigned char image[] = {
#include PN_EMBEDDED_MODEL_ARRAY
};

const void *pn_embedded_model(size_t *bytes) {
  *bytes = sizeof image;
  return image;
}

#else

const void *pn_embedded_model(size_t *bytes) {
  *bytes = 0;
  return NULL;
}

#endif

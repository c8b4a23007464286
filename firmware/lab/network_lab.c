/* SPDX-License-Identifier: Apache-2.0 */
/* Entry points for Python: the network on an image with a forced kernel, and each network kernel
 * by itself. Statuses are pn_status; kernel choices are pn_kernel. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crc32.h"
#include "kernels/kernels.h"
#include "model_image.h"
#include "network.h"

#define LAB_ALIGNMENT 64

typedef struct pn_lab_network {
  pn_model model;
  void *image;
  pn_network *network;
} pn_lab_network;

/* Frees a network made by pn_lab_network_create; NULL is allowed. */
void pn_lab_network_destroy(pn_lab_network *lab) {
  if (lab == NULL) return;
  free(lab->network);
  free(lab->image);
  free(lab);
}

static void *allocate(size_t bytes) {
  return aligned_alloc(LAB_ALIGNMENT, (bytes + LAB_ALIGNMENT - 1) / LAB_ALIGNMENT * LAB_ALIGNMENT);
}

/* Copies the image, so the caller's buffer needs no alignment and no lifetime. */
int pn_lab_network_create(const void *image, size_t bytes, int kernel, pn_lab_network **lab) {
  pn_status status = PN_ERROR_NO_MEMORY;
  pn_lab_network *made = calloc(1, sizeof *made);
  *lab = NULL;
  if (made == NULL) return PN_ERROR_NO_MEMORY;
  const pn_kernels *kernels = pn_kernels_select((pn_kernel)kernel, &status);
  if (kernels != NULL) {
    made->image = allocate(bytes + 1);
    status = PN_ERROR_NO_MEMORY;
    if (made->image != NULL) {
      memcpy(made->image, image, bytes);
      status = pn_model_parse(&made->model, made->image, bytes);
    }
    if (status == PN_OK) {
      made->network = allocate(pn_network_bytes(&made->model));
      if (made->network == NULL) status = PN_ERROR_NO_MEMORY;
    }
  }
  if (status != PN_OK) {
    pn_lab_network_destroy(made);
    return status;
  }
  pn_network_init(made->network, &made->model, kernels);
  *lab = made;
  return PN_OK;
}

size_t pn_lab_network_bytes(const pn_lab_network *lab) { return pn_network_bytes(&lab->model); }

const char *pn_lab_network_digest(const pn_lab_network *lab, char out[65]) {
  return pn_model_digest_hex(&lab->model, out);
}

void pn_lab_network_reset(pn_lab_network *lab) { pn_network_reset(lab->network); }

/* frames frames, frames_per_call (1 or 2) at a time; a last odd frame runs alone. */
void pn_lab_network_run(pn_lab_network *lab, const int16_t *features, int frames,
                        int frames_per_call, uint16_t *gain_q15, uint16_t *strength_q15,
                        int32_t *voice_q15) {
  for (int done = 0; done < frames;) {
    pn_network_output out[PN_NETWORK_MAX_FRAMES];
    const int now = frames - done < frames_per_call ? frames - done : frames_per_call;
    pn_network_run(lab->network, features + (size_t)done * PN_FEATURES, now, out);
    for (int i = 0; i < now; i++, done++) {
      memcpy(gain_q15 + (size_t)done * PN_BANDS, out[i].gain_q15, sizeof out[i].gain_q15);
      memcpy(strength_q15 + (size_t)done * PN_BANDS, out[i].strength_q15,
             sizeof out[i].strength_q15);
      voice_q15[done] = out[i].voice_q15;
    }
  }
}

/* pn_model_parse on a copy that ends where the allocation ends, so that a sanitizer sees every
 * read beyond the image. */
int pn_lab_model_parse(const void *image, size_t bytes) {
  pn_model model;
  void *copy = malloc(bytes > 0 ? bytes : 1);
  if (copy == NULL) return PN_ERROR_NO_MEMORY;
  if (bytes > 0) memcpy(copy, image, bytes);
  const pn_status status = pn_model_parse(&model, copy, bytes);
  free(copy);
  return status;
}

/* What pn_kernels_select says about one family. */
int pn_lab_kernel_status(int kernel) {
  pn_status status;
  pn_kernels_select((pn_kernel)kernel, &status);
  return status;
}

/* The table itself: Python calls the function pointers through its own view of the struct. */
const pn_kernels *pn_lab_kernels(int kernel) { return pn_kernels_select((pn_kernel)kernel, NULL); }

uint32_t pn_lab_crc32(uint32_t crc, const void *data, size_t bytes) {
  return pn_crc32(crc, data, bytes);
}

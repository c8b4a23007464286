/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

#include <string.h>

#include "boot_options.h"
#include "image_header.h"
#include "interrupts.h"
#include "memory_map.h"

#define BUILD_ID_MAX 32u
#define NOTE_HEADER_BYTES 12u

typedef void (*enter_image)(uintptr_t to, uintptr_t from, uint64_t bytes, uintptr_t clean_end,
                            uintptr_t device_tree);

extern const uint8_t __build_id[];
extern const uint8_t __image_end[];
extern const uint8_t pn_enter_image[];
extern const uint8_t pn_enter_image_end[];

static size_t device_tree_bytes;
static size_t staged_bytes;
static char build_id[2u * BUILD_ID_MAX + 1u];

static void *at(uintptr_t address) { return (void *)address; }

void pn_loader_keep_device_tree(const void *tree) {
  device_tree_bytes = pn_device_tree_bytes(tree);
  if (device_tree_bytes > PN_DEVICE_TREE_MAX) device_tree_bytes = 0;
  if (device_tree_bytes > 0) memmove(at(PN_DEVICE_TREE_COPY), tree, device_tree_bytes);
}

const void *pn_loader_device_tree(void) {
  return device_tree_bytes == 0 ? NULL : at(PN_DEVICE_TREE_COPY);
}

const char *pn_loader_build_id(void) {
  static const char digits[] = "0123456789abcdef";
  const size_t bytes = __build_id[4] < BUILD_ID_MAX ? __build_id[4] : BUILD_ID_MAX;
  const uint8_t *id = __build_id + NOTE_HEADER_BYTES + 4u; /* the name "GNU" and its zero */
  for (size_t i = 0; i < bytes; ++i) {
    build_id[2u * i] = digits[id[i] >> 4];
    build_id[2u * i + 1u] = digits[id[i] & 15u];
  }
  return build_id;
}

uint8_t *pn_loader_begin(void *user, size_t bytes, size_t *room) {
  (void)user;
  *room = PN_STAGING_BYTES;
  if (bytes > PN_STAGING_BYTES) return NULL;
  const size_t running = (uintptr_t)__image_end - PN_PROGRAM_START;
  memset(at(PN_STAGING), 0, bytes);
  memcpy(at(PN_STAGING), at(PN_PROGRAM_START), running < bytes ? running : bytes);
  return at(PN_STAGING);
}

const char *pn_loader_check(void *user, size_t bytes) {
  (void)user;
  pn_image_header header;
  if (bytes < PN_IMAGE_HEADER_OFFSET + sizeof header) return "shorter than an image's header";
  memcpy(&header, at(PN_STAGING + PN_IMAGE_HEADER_OFFSET), sizeof header);
  if (memcmp(header.magic, PN_IMAGE_MAGIC, sizeof header.magic) != 0) {
    return "no image for this board: it begins otherwise";
  }
  if (header.header_version != PN_IMAGE_HEADER_VERSION || header.machine != PN_IMAGE_MACHINE) {
    return "an image for another machine or of another version";
  }
  if (header.load_address != PN_PROGRAM_START) return "an image for another place in memory";
  if (header.image_bytes > bytes) return "cut short";
  if (header.image_bytes > PN_PROGRAM_END - PN_PROGRAM_START) return "too long for its place";
  return NULL;
}

const char *pn_loader_install(void *user, size_t bytes) {
  (void)user;
  staged_bytes = bytes;
  return NULL; /* it is copied when it starts */
}

void pn_loader_start(void *user) {
  (void)user;
  const size_t code_bytes = (size_t)(pn_enter_image_end - pn_enter_image);
  memcpy(at(PN_TRAMPOLINE), pn_enter_image, code_bytes);
  pn_interrupts_disable();
  for (size_t i = 0; i < code_bytes; i += 4) {
    __asm__ volatile("dc cvau, %0\n ic ivau, %0" ::"r"(PN_TRAMPOLINE + i) : "memory");
  }
  __asm__ volatile("dsb sy\n isb" ::: "memory");
  const enter_image enter = (enter_image)PN_TRAMPOLINE;
  const uintptr_t tree = device_tree_bytes == 0 ? 0 : PN_DEVICE_TREE_COPY;
  enter(PN_PROGRAM_START, PN_STAGING, (staged_bytes + 15u) & ~(size_t)15u,
        PN_DEVICE_TREE_COPY + PN_DEVICE_TREE_MAX, tree);
}

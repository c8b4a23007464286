/* SPDX-License-Identifier: Apache-2.0 */
/* The resident loader: a new image is gathered beside the running one and started in its place. It
 * stays until the power goes; then the SD card's image is back. */
#ifndef PN_LOADER_H
#define PN_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The device tree that the firmware gave, kept for the next image. Call once, with the MMU on. */
void pn_loader_keep_device_tree(const void *tree);

/* The kept device tree, NULL when there was none. */
const void *pn_loader_device_tree(void);

/* The linker's build id of this image, hex digits. */
const char *pn_loader_build_id(void);

/* Hooks of pn_agent_platform; user is not used. */
uint8_t *pn_loader_begin(void *user, size_t bytes, size_t *room);
const char *pn_loader_check(void *user, size_t bytes);
const char *pn_loader_install(void *user, size_t bytes);
void pn_loader_start(void *user);

#endif

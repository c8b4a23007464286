/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline.txt of the SD card, which the firmware hands over in the device tree. */
#ifndef PN_BOOT_OPTIONS_H
#define PN_BOOT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PN_DEFAULT_BAUD 115200u

typedef struct pn_boot_options {
  uint32_t baud;  /* percepnet.baud=N, 9600 to 4000000; otherwise PN_DEFAULT_BAUD */
  bool mini_uart; /* percepnet.uart=mini; otherwise the PL011 */
} pn_boot_options;

/* Bytes of the device tree at an address, 0 when there is none. */
size_t pn_device_tree_bytes(const void *tree);

/* Options of /chosen/bootargs; defaults where it says nothing usable. tree may be NULL. */
pn_boot_options pn_boot_options_read(const void *tree);

/* The same from the text itself. */
pn_boot_options pn_boot_options_parse(const char *text, size_t bytes);

#endif

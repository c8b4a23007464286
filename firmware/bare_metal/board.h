/* SPDX-License-Identifier: Apache-2.0 */
/* Which Raspberry Pi this is, and where its registers are. */
#ifndef PN_BOARD_H
#define PN_BOARD_H

#include <stdint.h>

typedef enum pn_board_kind {
  PN_BOARD_PI3, /* BCM2837, Cortex-A53; also Pi Zero 2 and the later Pi 2 */
  PN_BOARD_PI4  /* BCM2711, Cortex-A72; also Pi 400 and Compute Module 4 */
} pn_board_kind;

/* By the CPU's MIDR. */
pn_board_kind pn_board(void);
const char *pn_board_cpu_name(void);

/* A register of the peripherals, by its offset from their start (BCM2835 ARM Peripherals 1.2.3). */
volatile uint32_t *pn_peripheral(uint32_t offset);

/* A register at a fixed address: Pi 3's per-core block, Pi 4's GIC-400. */
static inline volatile uint32_t *pn_register(uintptr_t address) {
  return (volatile uint32_t *)address;
}

/* All earlier accesses are done before later ones: needed between different peripherals. */
static inline void pn_barrier(void) { __asm__ volatile("dsb sy" ::: "memory"); }

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#define PART_CORTEX_A72 0xd08u
#define PI3_PERIPHERALS ((uintptr_t)0x3f000000)
#define PI4_PERIPHERALS ((uintptr_t)0xfe000000)

pn_board_kind pn_board(void) {
  uint64_t midr;
  __asm__("mrs %0, midr_el1" : "=r"(midr));
  return ((midr >> 4) & 0xfffu) == PART_CORTEX_A72 ? PN_BOARD_PI4 : PN_BOARD_PI3;
}

const char *pn_board_cpu_name(void) {
  return pn_board() == PN_BOARD_PI4 ? "Cortex-A72" : "Cortex-A53";
}

volatile uint32_t *pn_peripheral(uint32_t offset) {
  return pn_register((pn_board() == PN_BOARD_PI4 ? PI4_PERIPHERALS : PI3_PERIPHERALS) + offset);
}

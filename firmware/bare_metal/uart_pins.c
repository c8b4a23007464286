/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "uart.h"

#define GPFSEL1 0x200004u
#define GPPUD 0x200094u
#define GPPUDCLK0 0x200098u
#define GPIO_PULL_REG0 0x2000e4u /* Pi 4 */
#define PIN_14_SHIFT 12u
#define PIN_15_SHIFT 15u
#define PULL_14_15 (0xfu << 28)
#define PULL_UP_15 (0x1u << 30) /* an open receive line must read as idle */

static void wait_cycles(unsigned cycles) {
  while (cycles-- > 0) __asm__ volatile("nop");
}

static void set_pulls(void) {
  if (pn_board() == PN_BOARD_PI4) {
    const uint32_t others = *pn_peripheral(GPIO_PULL_REG0) & ~PULL_14_15;
    *pn_peripheral(GPIO_PULL_REG0) = others | PULL_UP_15;
    return;
  }
  *pn_peripheral(GPPUD) = 2; /* up; latched by the clock below */
  wait_cycles(300);
  *pn_peripheral(GPPUDCLK0) = 1u << 15;
  wait_cycles(300);
  *pn_peripheral(GPPUD) = 0;
  *pn_peripheral(GPPUDCLK0) = 0;
}

void pn_uart_take_pins(uint32_t function) {
  uint32_t select = *pn_peripheral(GPFSEL1);
  select &= ~((7u << PIN_14_SHIFT) | (7u << PIN_15_SHIFT));
  select |= (function << PIN_14_SHIFT) | (function << PIN_15_SHIFT);
  *pn_peripheral(GPFSEL1) = select;
  set_pulls();
  pn_barrier();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The mini-UART (BCM2835 ARM Peripherals 2.2): its rate follows the GPU's core clock, which
 * core_freq or force_turbo in config.txt must hold still. */
#include "board.h"
#include "uart.h"

#define ENABLES 0x215004u
#define IO 0x215040u
#define INTERRUPT_ENABLE 0x215044u
#define INTERRUPT_CLEAR 0x215048u
#define LINE_CONTROL 0x21504cu
#define MODEM_CONTROL 0x215050u
#define LINE_STATUS 0x215054u
#define CONTROL 0x215060u
#define BAUD_DIVISOR 0x215068u

#define ENABLE_MINI_UART 1u
#define LINE_8_BITS 3u
#define CLEAR_BOTH_FIFOS 0xc6u
#define ON_RECEIVE ((1u << 0) | (3u << 2)) /* errata: bits 2 and 3 are needed for any interrupt */
#define STATUS_RECEIVED (1u << 0)
#define STATUS_SEND_ROOM (1u << 5)
#define STATUS_SEND_IDLE (1u << 6)
#define CONTROL_ON 3u
#define FUNCTION_ALT5 2u

static void open(uint32_t clock_hz, uint32_t baud) {
  *pn_peripheral(ENABLES) |= ENABLE_MINI_UART;
  *pn_peripheral(CONTROL) = 0;
  pn_uart_take_pins(FUNCTION_ALT5);
  *pn_peripheral(LINE_CONTROL) = LINE_8_BITS;
  *pn_peripheral(MODEM_CONTROL) = 0;
  *pn_peripheral(INTERRUPT_CLEAR) = CLEAR_BOTH_FIFOS;
  *pn_peripheral(BAUD_DIVISOR) = (clock_hz + 4u * baud) / (8u * baud) - 1u;
  *pn_peripheral(INTERRUPT_ENABLE) = ON_RECEIVE;
  *pn_peripheral(CONTROL) = CONTROL_ON;
  pn_barrier();
}

static bool can_receive(void) { return (*pn_peripheral(LINE_STATUS) & STATUS_RECEIVED) != 0; }

static uint8_t receive(void) { return (uint8_t)(*pn_peripheral(IO) & 0xffu); }

static void send(uint8_t byte) {
  while ((*pn_peripheral(LINE_STATUS) & STATUS_SEND_ROOM) == 0) {
  }
  *pn_peripheral(IO) = byte;
}

static void drain(void) {
  while ((*pn_peripheral(LINE_STATUS) & STATUS_SEND_IDLE) == 0) {
  }
}

const pn_uart pn_mini_uart = {open, can_receive, receive, send, drain};

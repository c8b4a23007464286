/* SPDX-License-Identifier: Apache-2.0 */
/* Arm PL011 (DDI 0183), the better of the two: fixed clock, 16 bytes of buffer. */
#include "board.h"
#include "uart.h"

#define BASE 0x201000u
#define DATA (BASE + 0x00u)
#define FLAGS (BASE + 0x18u)
#define BAUD_WHOLE (BASE + 0x24u)
#define BAUD_64THS (BASE + 0x28u)
#define LINE (BASE + 0x2cu)
#define CONTROL (BASE + 0x30u)
#define FIFO_LEVEL (BASE + 0x34u)
#define INTERRUPT_MASK (BASE + 0x38u)
#define INTERRUPT_CLEAR (BASE + 0x44u)

#define FLAG_BUSY (1u << 3)
#define FLAG_RECEIVE_EMPTY (1u << 4)
#define FLAG_SEND_FULL (1u << 5)
#define LINE_8_BITS_FIFO ((3u << 5) | (1u << 4))
#define CONTROL_ON ((1u << 0) | (1u << 8) | (1u << 9))
#define RECEIVE_AT_QUARTER (1u << 3) /* leaves 12 bytes of time to come */
#define ON_RECEIVE_AND_TIMEOUT ((1u << 4) | (1u << 6))
#define FUNCTION_ALT0 4u

static bool can_receive(void) { return (*pn_peripheral(FLAGS) & FLAG_RECEIVE_EMPTY) == 0; }

static uint8_t receive(void) { return (uint8_t)(*pn_peripheral(DATA) & 0xffu); }

static void open(uint32_t clock_hz, uint32_t baud) {
  /* divisor = clock / (16 baud), in 64ths, to the nearest */
  const uint32_t divisor_64ths = (uint32_t)(((uint64_t)clock_hz * 4u + baud / 2u) / baud);
  *pn_peripheral(CONTROL) = 0;
  pn_uart_take_pins(FUNCTION_ALT0);
  *pn_peripheral(INTERRUPT_CLEAR) = 0x7ff;
  *pn_peripheral(BAUD_WHOLE) = divisor_64ths / 64u;
  *pn_peripheral(BAUD_64THS) = divisor_64ths % 64u;
  *pn_peripheral(LINE) = LINE_8_BITS_FIFO;
  *pn_peripheral(FIFO_LEVEL) = RECEIVE_AT_QUARTER;
  *pn_peripheral(INTERRUPT_MASK) = ON_RECEIVE_AND_TIMEOUT;
  *pn_peripheral(CONTROL) = CONTROL_ON;
  while (can_receive()) receive(); /* what came before, whose interrupt has been cleared */
  pn_barrier();
}

static void send(uint8_t byte) {
  while ((*pn_peripheral(FLAGS) & FLAG_SEND_FULL) != 0) {
  }
  *pn_peripheral(DATA) = byte;
}

static void drain(void) {
  while ((*pn_peripheral(FLAGS) & FLAG_BUSY) != 0) {
  }
}

const pn_uart pn_pl011 = {open, can_receive, receive, send, drain};

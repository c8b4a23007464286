/* SPDX-License-Identifier: Apache-2.0 */
/* The two serial ports of the header's pins 8 and 10 (GPIO 14 and 15); one at a time has them. */
#ifndef PN_UART_H
#define PN_UART_H

#include <stdbool.h>
#include <stdint.h>

typedef struct pn_uart {
  /* Take the pins, 8N1, interrupts on reception. clock_hz is that of this port. */
  void (*open)(uint32_t clock_hz, uint32_t baud);
  bool (*can_receive)(void);
  uint8_t (*receive)(void);
  void (*send)(uint8_t byte); /* waits for room */
  void (*drain)(void);        /* waits until the last bit has left */
} pn_uart;

extern const pn_uart pn_pl011;
extern const pn_uart pn_mini_uart;

/* Function of GPIO 14 and 15: 4 is ALT0 (PL011), 2 is ALT5 (mini-UART). */
void pn_uart_take_pins(uint32_t function);

#endif

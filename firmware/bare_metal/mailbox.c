/* SPDX-License-Identifier: Apache-2.0 */
/* Property channel of the VideoCore mailbox: a message of words, answered in place. */
#include "mailbox.h"

#include "board.h"

#define MAILBOX_READ 0xb880u
#define MAILBOX_STATUS 0xb898u
#define MAILBOX_WRITE 0xb8a0u
#define STATUS_FULL (1u << 31)
#define STATUS_EMPTY (1u << 30)
#define CHANNEL_PROPERTY 8u
#define BUS_ALIAS_UNCACHED 0xc0000000u
#define ANSWERED_WELL 0x80000000u
#define SPINS_MAX 5000000u /* a dead mailbox must not keep the board from starting */

#define TAG_GET_CLOCK 0x00030002u
#define TAG_GET_FASTEST_CLOCK 0x00030004u
#define TAG_SET_CLOCK 0x00038002u
#define CLOCK_UART 2u
#define CLOCK_ARM 3u
#define CLOCK_CORE 4u

static volatile uint32_t message[9] __attribute__((aligned(16)));

static int wait_while(uint32_t busy) {
  for (uint32_t spin = 0; spin < SPINS_MAX; ++spin) {
    if ((*pn_peripheral(MAILBOX_STATUS) & busy) == 0) return 1;
  }
  return 0;
}

/* One clock tag; returns the rate in the answer, 0 without one. */
static uint32_t clock_request(uint32_t tag, uint32_t clock, uint32_t rate_hz) {
  message[0] = sizeof message;
  message[1] = 0;
  message[2] = tag;
  message[3] = 12; /* room for three words of value */
  message[4] = 0;
  message[5] = clock;
  message[6] = rate_hz;
  message[7] = 0; /* turbo as the rate needs it */
  message[8] = 0; /* end of tags */
  pn_barrier();
  const uint32_t address = ((uint32_t)(uintptr_t)message | BUS_ALIAS_UNCACHED) & ~15u;
  if (!wait_while(STATUS_FULL)) return 0;
  *pn_peripheral(MAILBOX_WRITE) = address | CHANNEL_PROPERTY;
  do {
    if (!wait_while(STATUS_EMPTY)) return 0;
  } while (*pn_peripheral(MAILBOX_READ) != (address | CHANNEL_PROPERTY));
  pn_barrier();
  return message[1] == ANSWERED_WELL ? message[6] : 0;
}

uint32_t pn_mailbox_set_uart_clock(void) {
  clock_request(TAG_SET_CLOCK, CLOCK_UART, PN_UART_CLOCK_HZ);
  return clock_request(TAG_GET_CLOCK, CLOCK_UART, 0);
}

uint32_t pn_mailbox_set_fastest_cores(void) {
  const uint32_t fastest_hz = clock_request(TAG_GET_FASTEST_CLOCK, CLOCK_ARM, 0);
  if (fastest_hz == 0) return 0;
  clock_request(TAG_SET_CLOCK, CLOCK_ARM, fastest_hz);
  return fastest_hz;
}

uint32_t pn_mailbox_core_clock(void) { return clock_request(TAG_GET_CLOCK, CLOCK_CORE, 0); }

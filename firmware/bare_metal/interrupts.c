/* SPDX-License-Identifier: Apache-2.0 */
#include "interrupts.h"

#include "board.h"
#include "timer.h"

/* Pi 3: the BCM2835 controller and the per-core timer routing (QA7 rev 3.4). */
#define PI3_ENABLE_1 0xb210u
#define PI3_ENABLE_2 0xb214u
#define PI3_AUX_BIT (1u << 29)  /* interrupt 29 */
#define PI3_UART_BIT (1u << 25) /* interrupt 57 */
#define PI3_CORE0_TIMERS ((uintptr_t)0x40000040)
#define PI3_PHYSICAL_TIMER (1u << 1)

/* Pi 4: GIC-400 (Arm IHI 0048). */
#define GIC_DISTRIBUTOR ((uintptr_t)0xff841000)
#define GIC_CPU ((uintptr_t)0xff842000)
#define GIC_ENABLE (GIC_DISTRIBUTOR + 0x100u)
#define GIC_PRIORITY (GIC_DISTRIBUTOR + 0x400u)
#define GIC_TARGET (GIC_DISTRIBUTOR + 0x800u)
#define GIC_MASK (GIC_CPU + 0x04u)
#define GIC_ACKNOWLEDGE (GIC_CPU + 0x0cu)
#define GIC_END (GIC_CPU + 0x10u)
#define GIC_TIMER 30u      /* non-secure physical timer */
#define GIC_AUX (32u + 93u)
#define GIC_UART (32u + 121u)
#define GIC_SPURIOUS 1020u

static const pn_uart *port;
static uint8_t ring[PN_RECEIVE_RING_BYTES];
static volatile uint32_t received; /* bytes ever written, by the handler only */
static uint32_t taken;             /* bytes ever read */

static void gic_route(uint32_t id) {
  const uint32_t byte = 8u * (id % 4u);
  volatile uint32_t *priority = pn_register(GIC_PRIORITY + 4u * (id / 4u));
  volatile uint32_t *target = pn_register(GIC_TARGET + 4u * (id / 4u));
  *priority = (*priority & ~(0xffu << byte)) | (0x80u << byte);
  *target = (*target & ~(0xffu << byte)) | (1u << byte);
  *pn_register(GIC_ENABLE + 4u * (id / 32u)) = 1u << (id % 32u);
}

void pn_interrupts_enable(const pn_uart *uart) {
  port = uart;
  if (pn_board() == PN_BOARD_PI4) {
    gic_route(GIC_TIMER);
    gic_route(uart == &pn_pl011 ? GIC_UART : GIC_AUX);
    *pn_register(GIC_MASK) = 0xff;
    *pn_register(GIC_CPU) = 1;
    *pn_register(GIC_DISTRIBUTOR) = 1;
  } else {
    *pn_peripheral(PI3_ENABLE_2) = PI3_UART_BIT;
    *pn_peripheral(PI3_ENABLE_1) = PI3_AUX_BIT;
    *pn_register(PI3_CORE0_TIMERS) = PI3_PHYSICAL_TIMER;
  }
  pn_barrier();
  pn_unmask();
}

void pn_interrupts_disable(void) { __asm__ volatile("msr daifset, #15" ::: "memory"); }

/* When the ring is full bytes are lost; the protocol finds out and sends again. */
static void take_from_port(void) {
  while (port->can_receive()) {
    const uint8_t byte = port->receive();
    if (received - taken == PN_RECEIVE_RING_BYTES) continue;
    ring[received % PN_RECEIVE_RING_BYTES] = byte;
    received += 1;
  }
}

void pn_interrupt(void) {
  if (pn_board() != PN_BOARD_PI4) {
    take_from_port();
    pn_timer_silence();
    return;
  }
  const uint32_t id = *pn_register(GIC_ACKNOWLEDGE);
  take_from_port();
  pn_timer_silence();
  if ((id & 0x3ffu) < GIC_SPURIOUS) *pn_register(GIC_END) = id;
}

size_t pn_receive_bytes(uint8_t *bytes, size_t capacity) {
  pn_mask();
  while (received == taken) {
    pn_timer_idle();
    pn_unmask(); /* here the handler runs */
    pn_mask();
  }
  pn_unmask();
  size_t count = 0;
  const uint32_t there = received;
  while (count < capacity && taken != there) {
    bytes[count++] = ring[taken % PN_RECEIVE_RING_BYTES];
    taken += 1;
  }
  return count;
}

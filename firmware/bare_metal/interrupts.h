/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from the serial port and alarms of the timer; both wake a core that sleeps in WFI. */
#ifndef PN_INTERRUPTS_H
#define PN_INTERRUPTS_H

#include <stddef.h>
#include <stdint.h>

#include "uart.h"

#define PN_RECEIVE_RING_BYTES 65536u /* a power of two */

/* Route the port's and the timer's interrupts to this core and unmask them. */
void pn_interrupts_enable(const pn_uart *uart);

/* Mask all: before another image is started. */
void pn_interrupts_disable(void);

/* Take up to capacity received bytes; sleeps until there is one. */
size_t pn_receive_bytes(uint8_t *bytes, size_t capacity);

/* Sleep until an interrupt, unless one is due: the caller has checked its condition with
 * interrupts masked (pn_mask/pn_unmask), so none can slip through. */
static inline void pn_wait_for_interrupt(void) { __asm__ volatile("dsb sy\n wfi" ::: "memory"); }
static inline void pn_mask(void) { __asm__ volatile("msr daifset, #2" ::: "memory"); }
static inline void pn_unmask(void) { __asm__ volatile("msr daifclr, #2" ::: "memory"); }

/* Called by start.S. */
void pn_interrupt(void);

#endif

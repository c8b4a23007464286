/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, asked of the firmware that runs on the GPU. Only before pn_mmu_enable: the GPU does not
 * see the data cache. */
#ifndef PN_MAILBOX_H
#define PN_MAILBOX_H

#include <stdint.h>

#define PN_UART_CLOCK_HZ 48000000u /* enough for 3 Mbaud; also set by init_uart_clock in config.txt */

/* Ask for PN_UART_CLOCK_HZ; return what the firmware says it is now, 0 when it does not answer. */
uint32_t pn_mailbox_set_uart_clock(void);

/* CPU cores at their highest rate (they start at the lowest); returns it in Hz, 0: no answer. */
uint32_t pn_mailbox_set_fastest_cores(void);

/* Clock of the mini-UART in Hz, 0: no answer. */
uint32_t pn_mailbox_core_clock(void);

#endif

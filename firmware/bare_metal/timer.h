/* SPDX-License-Identifier: Apache-2.0 */
/* The Arm generic timer, and the counters of the performance monitor. */
#ifndef PN_TIMER_H
#define PN_TIMER_H

#include <stdint.h>

/* Monotonic, ns since power-on. */
uint64_t pn_timer_now_ns(void);

/* pn_timer_now_ns() without the time spent asleep. */
uint64_t pn_timer_busy_ns(void);

uint32_t pn_timer_resolution_ns(void);

/* Sleep until pn_timer_now_ns() reaches the deadline. */
void pn_timer_sleep_until_ns(uint64_t deadline_ns);

/* Sleep until any interrupt; interrupts are masked by the caller. */
void pn_timer_idle(void);

/* Stop an alarm that has gone off. */
void pn_timer_silence(void);

/* Start counting retired instructions and core cycles from 0. */
void pn_counters_enable(void);

/* Both counters modulo 2^32; differences are right for less than 2^32 events. */
void pn_counters_read(uint32_t *instructions, uint32_t *cycles);

#endif

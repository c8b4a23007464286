/* SPDX-License-Identifier: Apache-2.0 */
#include "timer.h"

#include "interrupts.h"

#define NS_PER_S 1000000000ull
#define TIMER_ON 1u
#define TIMER_SILENT 2u
#define TIMER_RINGS 4u

#define EVENT_INSTRUCTIONS_RETIRED 0x08u
#define PMCR_ON ((1u << 0) | (1u << 1) | (1u << 2) | (1u << 6)) /* enable, reset both, 64 bits */
#define COUNT_CYCLES_AND_EVENT_0 ((1u << 31) | (1u << 0))

static uint64_t asleep_ticks;

static uint64_t ticks_now(void) {
  uint64_t ticks;
  __asm__ volatile("isb\n mrs %0, cntpct_el0" : "=r"(ticks)::"memory");
  return ticks;
}

static uint64_t ticks_per_s(void) {
  uint64_t frequency;
  __asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
  return frequency;
}

static uint64_t to_ns(uint64_t ticks) {
  const uint64_t frequency = ticks_per_s();
  return ticks / frequency * NS_PER_S + ticks % frequency * NS_PER_S / frequency;
}

uint64_t pn_timer_now_ns(void) { return to_ns(ticks_now()); }

uint64_t pn_timer_busy_ns(void) { return to_ns(ticks_now() - asleep_ticks); }

uint32_t pn_timer_resolution_ns(void) {
  const uint64_t frequency = ticks_per_s();
  return (uint32_t)((NS_PER_S + frequency - 1) / frequency);
}

void pn_timer_idle(void) {
  const uint64_t start = ticks_now();
  pn_wait_for_interrupt();
  asleep_ticks += ticks_now() - start;
}

void pn_timer_sleep_until_ns(uint64_t deadline_ns) {
  const uint64_t frequency = ticks_per_s();
  const uint64_t alarm =
      deadline_ns / NS_PER_S * frequency + (deadline_ns % NS_PER_S * frequency) / NS_PER_S;
  pn_mask();
  while (ticks_now() < alarm) {
    __asm__ volatile("msr cntp_cval_el0, %0\n msr cntp_ctl_el0, %1\n isb" ::"r"(alarm),
                     "r"((uint64_t)TIMER_ON)
                     : "memory");
    pn_timer_idle();
    pn_unmask(); /* here the handler runs */
    pn_mask();
  }
  pn_unmask();
}

void pn_timer_silence(void) {
  uint64_t control;
  __asm__ volatile("mrs %0, cntp_ctl_el0" : "=r"(control));
  if ((control & TIMER_RINGS) != 0) {
    __asm__ volatile("msr cntp_ctl_el0, %0\n isb" ::"r"((uint64_t)TIMER_SILENT));
  }
}

void pn_counters_enable(void) {
  uint64_t control;
  __asm__ volatile("mrs %0, pmcr_el0" : "=r"(control));
  __asm__ volatile(
      "msr pmcr_el0, %0\n"
      "msr pmccfiltr_el0, xzr\n"
      "msr pmevtyper0_el0, %1\n"
      "msr pmcntenset_el0, %2\n"
      "isb" ::"r"(control | PMCR_ON),
      "r"((uint64_t)EVENT_INSTRUCTIONS_RETIRED), "r"((uint64_t)COUNT_CYCLES_AND_EVENT_0));
}

void pn_counters_read(uint32_t *instructions, uint32_t *cycles) {
  uint64_t events;
  uint64_t clocks;
  __asm__ volatile("isb\n mrs %0, pmevcntr0_el0\n mrs %1, pmccntr_el0"
                   : "=r"(events), "=r"(clocks)::"memory");
  *instructions = (uint32_t)events;
  *cycles = (uint32_t)clocks;
}

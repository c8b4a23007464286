/* SPDX-License-Identifier: Apache-2.0 */
/* The agent on a bare Raspberry Pi: memory, clocks and bytes for the core in ../agent. */
#include "../agent/agent.h"
#include "board.h"
#include "boot_options.h"
#include "interrupts.h"
#include "loader.h"
#include "mailbox.h"
#include "memory_map.h"
#include "mmu.h"
#include "timer.h"

#define SPIN_TABLE ((uintptr_t)0xe0) /* where the firmware's other cores look for work */
#define OTHER_CORES 3u
#define UART_CLOCK_LOWEST_HZ (16u * 9600u)

extern const uint8_t pn_park[];

static pn_agent agent;
static const pn_uart *port;

static size_t read_port(void *user, uint8_t *bytes, size_t capacity) {
  (void)user;
  return pn_receive_bytes(bytes, capacity);
}

static bool write_port(void *user, const uint8_t *bytes, size_t count) {
  (void)user;
  for (size_t i = 0; i < count; ++i) port->send(bytes[i]);
  return true;
}

static uint64_t clock_ns(void *user) {
  (void)user;
  return pn_timer_now_ns();
}

static uint64_t cpu_clock_ns(void *user) {
  (void)user;
  return pn_timer_busy_ns();
}

static void sleep_until_ns(void *user, uint64_t deadline_ns) {
  (void)user;
  pn_timer_sleep_until_ns(deadline_ns);
}

static void read_counters(void *user, uint32_t *instructions, uint32_t *cycles) {
  (void)user;
  pn_counters_read(instructions, cycles);
}

static void restart(void *user) {
  port->drain();
  pn_loader_start(user);
}

/* The other cores spin in WFE on a table of addresses until one is written. */
static void park_other_cores(void) {
  volatile uint64_t *table = (volatile uint64_t *)SPIN_TABLE;
  for (unsigned core = 0; core < OTHER_CORES; ++core) table[core] = (uintptr_t)pn_park;
  for (unsigned core = 0; core < OTHER_CORES; ++core) {
    __asm__ volatile("dc cvac, %0" ::"r"(&table[core]) : "memory"); /* they have no caches on */
  }
  __asm__ volatile("dsb sy\n sev" ::: "memory");
}

static uint32_t port_clock_hz(bool mini_uart, uint32_t uart_hz, uint32_t core_hz) {
  if (mini_uart) return core_hz == 0 ? 250000000u : core_hz;
  /* An emulator may answer with a clock that no rate could be made from. */
  return uart_hz < UART_CLOCK_LOWEST_HZ ? PN_UART_CLOCK_HZ : uart_hz;
}

/* A line of text; the protocol takes it for damage and goes on. */
static void say(const char *text) {
  for (; *text != '\0'; ++text) port->send((uint8_t)*text);
}

static void say_hex(uint64_t value) {
  for (unsigned shift = 60; shift < 64; shift -= 4) {
    port->send((uint8_t) "0123456789abcdef"[(value >> shift) & 15u]);
  }
}

/* Called by start.S on an exception that nothing should have caused. */
void pn_report_fault(uint64_t syndrome, uint64_t address, uint64_t fault_address);
void pn_report_fault(uint64_t syndrome, uint64_t address, uint64_t fault_address) {
  if (port == NULL) return;
  say("\r\npercepnet: the processor stopped: esr ");
  say_hex(syndrome);
  say(" elr ");
  say_hex(address);
  say(" far ");
  say_hex(fault_address);
  say("; switch the board off and on\r\n");
}

/* Called by start.S. */
void pn_bare_main(const void *device_tree);
void pn_bare_main(const void *device_tree) {
  const uint32_t uart_hz = pn_mailbox_set_uart_clock();
  const uint32_t core_hz = pn_mailbox_core_clock();
  pn_mailbox_set_fastest_cores();
  pn_mmu_enable();
  park_other_cores();
  pn_loader_keep_device_tree(device_tree);
  const pn_boot_options options = pn_boot_options_read(pn_loader_device_tree());
  port = options.mini_uart ? &pn_mini_uart : &pn_pl011;
  port->open(port_clock_hz(options.mini_uart, uart_hz, core_hz), options.baud);
  pn_counters_enable();
  pn_interrupts_enable(port);

  const pn_agent_platform platform = {.read = read_port,
                                      .write = write_port,
                                      .clock_ns = clock_ns,
                                      .cpu_clock_ns = cpu_clock_ns,
                                      .sleep_until_ns = sleep_until_ns,
                                      .read_counters = read_counters,
                                      .image_begin = pn_loader_begin,
                                      .image_check = pn_loader_check,
                                      .image_install = pn_loader_install,
                                      .image_start = restart,
                                      .clock_resolution_ns = pn_timer_resolution_ns(),
                                      .receive_buffer_bytes = PN_RECEIVE_RING_BYTES,
                                      .cpu_name = pn_board_cpu_name(),
                                      .cpu_arch = "aarch64",
                                      .build_id = pn_loader_build_id(),
                                      .name = "bare-metal"};
  pn_agent_init(&agent, &platform, (void *)PN_AGENT_MEMORY, PN_AGENT_MEMORY_BYTES, PN_KERNEL_AUTO);
  for (;;) pn_agent_serve(&agent); /* after GOODBYE the next visitor may come */
}

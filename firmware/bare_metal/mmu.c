/* SPDX-License-Identifier: Apache-2.0 */
/* Without MMU all memory counts as device memory: no data cache, and unaligned loads fault. */
#include "mmu.h"

#include <stdint.h>

#include "memory_map.h"

#define GIB_SHIFT 30
#define BLOCK_SHIFT 21 /* 2 MiB */
#define ENTRIES 512u

/* Descriptors, Arm ARM D5.3: block or table, attributes of MAIR, inner shareable, accessed. */
#define DESCRIPTOR_BLOCK 1u
#define DESCRIPTOR_TABLE 3u
#define ATTRIBUTE_DEVICE (0u << 2)
#define ATTRIBUTE_NORMAL (1u << 2)
#define INNER_SHAREABLE (3u << 8)
#define ACCESSED (1u << 10)
#define NEVER_EXECUTE (3ull << 53)

#define MAIR_DEVICE_NGNRNE 0x00ull
#define MAIR_NORMAL_WRITE_BACK (0xffull << 8)

/* TCR: 32-bit addresses from TTBR0 only, 4 KiB granule, walks cached and inner shareable. */
#define TCR_T0SZ_32 32ull
#define TCR_WALK_CACHED ((1ull << 8) | (1ull << 10) | (3ull << 12))
#define TCR_NO_TTBR1 (1ull << 23)
#define TCR_36_BITS (1ull << 32)

#define SCTLR_MMU_AND_CACHES ((1ull << 0) | (1ull << 2) | (1ull << 12))

static uint64_t gibibytes[ENTRIES] __attribute__((aligned(4096)));
static uint64_t blocks[ENTRIES] __attribute__((aligned(4096)));

static uint64_t descriptor(uint64_t address, int is_ram) {
  const uint64_t kind = DESCRIPTOR_BLOCK | ACCESSED;
  if (is_ram) return address | kind | ATTRIBUTE_NORMAL | INNER_SHAREABLE;
  return address | kind | ATTRIBUTE_DEVICE | NEVER_EXECUTE;
}

void pn_mmu_enable(void) {
  for (uint64_t i = 0; i < ENTRIES; ++i) {
    blocks[i] = descriptor(i << BLOCK_SHIFT, (i << BLOCK_SHIFT) < PN_RAM_END);
  }
  gibibytes[0] = (uintptr_t)blocks | DESCRIPTOR_TABLE;
  gibibytes[1] = descriptor(1ull << GIB_SHIFT, 0); /* Pi 3: registers of the cores */
  gibibytes[3] = descriptor(3ull << GIB_SHIFT, 0); /* Pi 4: peripherals and GIC */
  const uint64_t mair = MAIR_DEVICE_NGNRNE | MAIR_NORMAL_WRITE_BACK;
  const uint64_t tcr = TCR_T0SZ_32 | TCR_WALK_CACHED | TCR_NO_TTBR1 | TCR_36_BITS;
  uint64_t control;
  __asm__ volatile(
      "msr mair_el1, %1\n"
      "msr tcr_el1, %2\n"
      "msr ttbr0_el1, %3\n"
      "dsb sy\n"
      "isb\n"
      "tlbi vmalle1\n"
      "ic iallu\n"
      "dsb sy\n"
      "isb\n"
      "mrs %0, sctlr_el1\n"
      "orr %0, %0, %4\n"
      "msr sctlr_el1, %0\n"
      "isb\n"
      : "=&r"(control)
      : "r"(mair), "r"(tcr), "r"(gibibytes), "r"(SCTLR_MMU_AND_CACHES)
      : "memory");
}

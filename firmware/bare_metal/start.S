/* SPDX-License-Identifier: Apache-2.0 */
/* First instructions of kernel8.img on a Raspberry Pi 3 or 4: one core goes on, in EL1, with NEON,
 * a stack and cleared .bss; the others sleep. The firmware (or an older image) gives the address of
 * the device tree in x0. */

#define HCR_EL2_RW (1 << 31)            /* EL1 is AArch64 */
#define CPTR_EL2_NO_TRAPS 0x33ff        /* NEON does not trap to EL2 */
#define CNTHCTL_EL2_EL1_TIMER 3         /* EL1 may use the physical counter and timer */
#define SCTLR_EL1_RESERVED_ONES 0x30d00800 /* MMU and caches off, little-endian */
#define SPSR_EL1H_MASKED 0x3c5          /* EL1 on its own stack, all exceptions masked */
#define CPACR_EL1_NEON (3 << 20)

.section .text.start, "ax"
.global _start
_start:
  b 1f
  .balign 8
  /* What flash and loader look at: struct pn_image_header of image_header.h. */
  .ascii "PNKERNEL"
  .4byte 1
  .4byte 0xaa64
  .8byte _start
  .8byte __image_end - _start
  .8byte __build_id - _start
1:
  mov x20, x0
  mrs x1, mpidr_el1
  and x1, x1, #3
  cbnz x1, pn_park
  mrs x1, CurrentEL
  cmp x1, #8
  b.ne in_el1
  mov x1, #HCR_EL2_RW
  msr hcr_el2, x1
  mov x1, #CPTR_EL2_NO_TRAPS
  msr cptr_el2, x1
  mrs x1, cnthctl_el2
  orr x1, x1, #CNTHCTL_EL2_EL1_TIMER
  msr cnthctl_el2, x1
  msr cntvoff_el2, xzr
  mrs x1, midr_el1
  msr vpidr_el2, x1
  mrs x1, mpidr_el1
  msr vmpidr_el2, x1
  mrs x1, pmcr_el0
  ubfx x1, x1, #11, #5 /* all event counters belong to EL1 */
  msr mdcr_el2, x1
  ldr x1, =SCTLR_EL1_RESERVED_ONES
  msr sctlr_el1, x1
  mov x1, #SPSR_EL1H_MASKED
  msr spsr_el2, x1
  adr x1, in_el1
  msr elr_el2, x1
  eret
in_el1:
  mov x1, #CPACR_EL1_NEON
  msr cpacr_el1, x1
  adr x1, pn_vectors
  msr vbar_el1, x1
  isb
  adrp x1, __stack_top
  add x1, x1, :lo12:__stack_top
  mov sp, x1
  adrp x1, __bss_start
  add x1, x1, :lo12:__bss_start
  adrp x2, __bss_end
  add x2, x2, :lo12:__bss_end
2:
  cmp x1, x2
  b.hs 3f
  stp xzr, xzr, [x1], #16
  b 2b
3:
  mov x0, x20
  bl pn_bare_main
  b pn_park

/* Other cores: asleep, so that they take neither power nor memory bandwidth. */
.global pn_park
pn_park:
  msr daifset, #15
4:
  wfi
  b 4b

/* Interrupts may come at any instruction of the measured code: all that C may change is kept. */
pn_irq:
  sub sp, sp, #192
  stp x0, x1, [sp]
  stp x2, x3, [sp, #16]
  stp x4, x5, [sp, #32]
  stp x6, x7, [sp, #48]
  stp x8, x9, [sp, #64]
  stp x10, x11, [sp, #80]
  stp x12, x13, [sp, #96]
  stp x14, x15, [sp, #112]
  stp x16, x17, [sp, #128]
  stp x18, x29, [sp, #144]
  str x30, [sp, #160]
  bl pn_interrupt /* built without NEON registers */
  ldp x0, x1, [sp]
  ldp x2, x3, [sp, #16]
  ldp x4, x5, [sp, #32]
  ldp x6, x7, [sp, #48]
  ldp x8, x9, [sp, #64]
  ldp x10, x11, [sp, #80]
  ldp x12, x13, [sp, #96]
  ldp x14, x15, [sp, #112]
  ldp x16, x17, [sp, #128]
  ldp x18, x29, [sp, #144]
  ldr x30, [sp, #160]
  add sp, sp, #192
  eret

.macro vector target
  .balign 128
  b \target
.endm

.balign 2048
pn_vectors:
  vector pn_fault /* EL1 on the stack of EL0 */
  vector pn_fault
  vector pn_fault
  vector pn_fault
  vector pn_fault /* EL1 on its own stack: synchronous, interrupt, fast interrupt, SError */
  vector pn_irq
  vector pn_fault
  vector pn_fault
  vector pn_fault /* from EL0: there is none */
  vector pn_fault
  vector pn_fault
  vector pn_fault
  vector pn_fault
  vector pn_fault
  vector pn_fault
  vector pn_fault

pn_fault:
  mrs x0, esr_el1
  mrs x1, elr_el1
  mrs x2, far_el1
  bl pn_report_fault
  b pn_park

/* void pn_enter_image(uint8_t *to, const uint8_t *from, uint64_t bytes, uint64_t clean_end,
 *                     uint64_t device_tree)
 * Replaces the running image; runs from a copy outside of it (loader.c), with interrupts masked.
 * Lines of the old image are written back or dropped up to clean_end before the caches go off:
 * one that were evicted later would overwrite the new image. */
.global pn_enter_image
.global pn_enter_image_end
.balign 16
pn_enter_image:
  mov x5, x0
  mov x6, x0
5:
  ldp x7, x8, [x1], #16
  stp x7, x8, [x6], #16
  subs x2, x2, #16
  b.hi 5b
  mrs x7, ctr_el0
  ubfx x7, x7, #16, #4
  mov x8, #4
  lsl x8, x8, x7 /* bytes a data cache line */
6:
  dc civac, x0
  add x0, x0, x8
  cmp x0, x3
  b.lo 6b
  dsb sy
  mrs x7, sctlr_el1
  mov x8, #0x1005 /* instruction cache, data cache, MMU */
  bic x7, x7, x8
  msr sctlr_el1, x7
  isb
  ic iallu
  tlbi vmalle1
  dsb sy
  isb
  mov x0, x4
  br x5
pn_enter_image_end:

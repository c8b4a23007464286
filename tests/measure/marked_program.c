/* SPDX-License-Identifier: Apache-2.0 */
/* A program whose instructions are known by looking at it: loops of three instructions a turn,
 * between the marks that the counter watches. Usage: marked_program [FRAMES [EXTRA_TURNS]] */
#include <stdlib.h>

#define KEEP __attribute__((noinline, used))

/* 3 * turns + 1 instructions: the loop and the return. */
#if defined(__aarch64__)
#define SPIN(turns) __asm__ volatile("1: subs %w0, %w0, #1\n nop\n b.ne 1b" : "+r"(turns) : : "cc")
#else
#define SPIN(turns) __asm__ volatile("1: nop\n subs %0, %0, #1\n bne 1b" : "+r"(turns) : : "cc")
#endif

KEEP void pn_mark_frame(void) { __asm__ volatile("nop"); }
KEEP void pn_mark_analysis(void) { __asm__ volatile("nop\n nop"); }
KEEP void pn_mark_network(void) { __asm__ volatile("nop\n nop\n nop"); }
KEEP void pn_agent_idle(int turns) { SPIN(turns); }
KEEP void spin(int turns) { SPIN(turns); }
KEEP void pn_gemv_spin(int turns) { SPIN(turns); }

int main(int argc, char **argv) {
  int frames = argc > 1 ? atoi(argv[1]) : 10;
  int extra = argc > 2 ? atoi(argv[2]) : 0;
  for (int frame = 0; frame < frames; frame++) {
    pn_mark_frame();
    pn_agent_idle(77);
    spin(1000 + (frame == frames - 1 ? extra : 0));
    pn_mark_analysis();
    spin(10);
    pn_gemv_spin(2000);
    pn_mark_network();
    spin(500);
  }
  return 0;
}

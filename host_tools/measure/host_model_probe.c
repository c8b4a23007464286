/* SPDX-License-Identifier: Apache-2.0 */
/* Clock and read bandwidth of the core that this runs on, one line: GHz and 10^9 bytes a second.
 *
 * usage: probe BYTES    size of the memory that is read again and again
 * Each is from the median of many short turns, which other programs on the core rarely touch. */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURNS 1001
#define CHAINS 1000
#define ADDS_A_CHAIN 100
#define VECTORS_A_STEP 4

typedef uint64_t vector __attribute__((vector_size(32)));

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values) {
  qsort(values, TURNS, sizeof *values, compare);
  return values[TURNS / 2];
}

/* An addition of two registers waits one cycle for the one before it. */
static void add_in_a_chain(void) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < CHAINS; i++) {
    __asm__ volatile(".rept 100\n\taddq %1, %0\n\t.endr" : "+r"(sum) : "r"(i));
  }
}

static void read_all(const vector *memory, size_t vectors) {
  vector a = {0}, b = {0}, c = {0}, d = {0};
  for (size_t i = 0; i < vectors; i += VECTORS_A_STEP) {
    a |= memory[i];
    b |= memory[i + 1];
    c |= memory[i + 2];
    d |= memory[i + 3];
  }
  __asm__ volatile("" : : "x"(a), "x"(b), "x"(c), "x"(d));
}

int main(int argc, char **argv) {
  const size_t step = VECTORS_A_STEP * sizeof(vector);
  const size_t size = argc == 2 ? (size_t)strtoull(argv[1], NULL, 10) / step * step : 0;
  vector *memory = size > 0 ? aligned_alloc(step, size) : NULL;
  if (memory == NULL) {
    fputs("usage: probe BYTES\n", stderr);
    return 2;
  }
  memset(memory, 1, size);
  static double add_ns[TURNS], read_ns[TURNS];
  for (int turn = 0; turn < TURNS; turn++) {
    double start = now_ns();
    add_in_a_chain();
    add_ns[turn] = now_ns() - start;
    start = now_ns();
    read_all(memory, size / sizeof(vector));
    read_ns[turn] = now_ns() - start;
  }
  printf("%.4f %.4f\n", CHAINS * ADDS_A_CHAIN / median(add_ns), (double)size / median(read_ns));
  free(memory);
  return 0;
}

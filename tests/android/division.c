/* SPDX-License-Identifier: Apache-2.0 */
/* Reads pairs of 64-bit dividends and divisors, writes signed and unsigned quotients and remainders
 * of 64 bits and of their low 32 bits, 8 bytes each. Linked with aeabi_division.c, which the
 * compiler's own operators then call. */
#include <stdint.h>
#include <stdio.h>

int main(void) {
  int64_t pair[2];
  while (fread(pair, sizeof pair, 1, stdin) == 1) {
    const uint64_t a = (uint64_t)pair[0], b = (uint64_t)pair[1];
    const uint32_t c = (uint32_t)a, d = (uint32_t)b;
    /* alone, so that the functions that give no remainder are called too */
    const volatile uint32_t alone = c;
    const volatile int32_t signed_alone = (int32_t)c;
    const int64_t results[10] = {
        pair[0] / pair[1],
        pair[0] % pair[1],
        (int64_t)(a / b),
        (int64_t)(a % b),
        (int32_t)c / (int32_t)d,
        (int32_t)c % (int32_t)d,
        c / d,
        c % d,
        signed_alone / (int32_t)d,
        alone / d,
    };
    fwrite(results, sizeof results, 1, stdout);
  }
  return 0;
}

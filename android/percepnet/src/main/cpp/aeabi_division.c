/* SPDX-License-Identifier: Apache-2.0 */
/* Integer division of 32-bit ARM (run-time ABI, section 4.3.1) for builds without the NDK, whose
 * compiler brings its own. Division by zero gives quotient 0 and the dividend as remainder. */
#include <stdint.h>

#define BASE_CALL __attribute__((pcs("aapcs")))

/* Quotient and remainder: the base call standard returns these 16 bytes in r0 to r3. */
typedef uint64_t quotient_remainder __attribute__((vector_size(16)));

BASE_CALL uint32_t __aeabi_uidiv(uint32_t dividend, uint32_t divisor);
BASE_CALL int32_t __aeabi_idiv(int32_t dividend, int32_t divisor);
BASE_CALL uint64_t __aeabi_uidivmod(uint32_t dividend, uint32_t divisor);
BASE_CALL uint64_t __aeabi_idivmod(int32_t dividend, int32_t divisor);
BASE_CALL quotient_remainder __aeabi_uldivmod(uint64_t dividend, uint64_t divisor);
BASE_CALL quotient_remainder __aeabi_ldivmod(int64_t dividend, int64_t divisor);

/* Subtracts shifted divisors, beginning where the highest bits meet. */
static uint32_t divide_32(uint32_t dividend, uint32_t divisor, uint32_t *remainder) {
  uint32_t quotient = 0;
  if (divisor != 0 && dividend >= divisor) {
    int shift = __builtin_clz(divisor) - __builtin_clz(dividend);
    for (uint32_t part = divisor << shift; shift >= 0; shift--, part >>= 1) {
      const uint32_t fits = dividend >= part;
      quotient = (quotient << 1) | fits;
      dividend -= part & (0u - fits);
    }
  }
  *remainder = dividend;
  return quotient;
}

static uint64_t divide_64(uint64_t dividend, uint64_t divisor, uint64_t *remainder) {
  uint64_t quotient = 0;
  if (((dividend | divisor) >> 32) == 0) {
    uint32_t rest;
    quotient = divide_32((uint32_t)dividend, (uint32_t)divisor, &rest);
    dividend = rest;
  } else if (divisor != 0 && dividend >= divisor) {
    int shift = __builtin_clzll(divisor) - __builtin_clzll(dividend);
    for (uint64_t part = divisor << shift; shift >= 0; shift--, part >>= 1) {
      const uint64_t fits = dividend >= part;
      quotient = (quotient << 1) | fits;
      dividend -= part & (0u - fits);
    }
  }
  *remainder = dividend;
  return quotient;
}

static uint32_t magnitude_32(int32_t value) {
  return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

static uint64_t magnitude_64(int64_t value) {
  return value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
}

uint32_t __aeabi_uidiv(uint32_t dividend, uint32_t divisor) {
  uint32_t remainder;
  return divide_32(dividend, divisor, &remainder);
}

int32_t __aeabi_idiv(int32_t dividend, int32_t divisor) {
  uint32_t remainder;
  const uint32_t quotient = divide_32(magnitude_32(dividend), magnitude_32(divisor), &remainder);
  return (int32_t)((dividend < 0) != (divisor < 0) ? 0u - quotient : quotient);
}

/* Quotient in r0, remainder in r1. */
uint64_t __aeabi_uidivmod(uint32_t dividend, uint32_t divisor) {
  uint32_t remainder;
  const uint32_t quotient = divide_32(dividend, divisor, &remainder);
  return ((uint64_t)remainder << 32) | quotient;
}

uint64_t __aeabi_idivmod(int32_t dividend, int32_t divisor) {
  uint32_t remainder;
  uint32_t quotient = divide_32(magnitude_32(dividend), magnitude_32(divisor), &remainder);
  if ((dividend < 0) != (divisor < 0)) quotient = 0u - quotient;
  if (dividend < 0) remainder = 0u - remainder;
  return ((uint64_t)remainder << 32) | quotient;
}

quotient_remainder __aeabi_uldivmod(uint64_t dividend, uint64_t divisor) {
  uint64_t remainder;
  const uint64_t quotient = divide_64(dividend, divisor, &remainder);
  return (quotient_remainder){quotient, remainder};
}

quotient_remainder __aeabi_ldivmod(int64_t dividend, int64_t divisor) {
  uint64_t remainder;
  uint64_t quotient = divide_64(magnitude_64(dividend), magnitude_64(divisor), &remainder);
  if ((dividend < 0) != (divisor < 0)) quotient = 0u - quotient;
  if (dividend < 0) remainder = 0u - remainder;
  return (quotient_remainder){quotient, remainder};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu_features.h"

#if defined(__aarch64__) || defined(__arm__) || defined(_M_ARM64)

#if defined(__linux__) || defined(__ANDROID__)
#include <sys/auxv.h>
#define HAVE_AUXV 1
#endif

/* Bits of AT_HWCAP in the Linux ABI; not every C library's headers name them. */
#define HWCAP_ARMV7_NEON (1ul << 12)
#define HWCAP_AARCH64_ASIMDDP (1ul << 20)

static int has_neon(void) {
#if defined(__aarch64__) || defined(_M_ARM64)
  return 1;
#elif defined(HAVE_AUXV)
  return (getauxval(AT_HWCAP) & HWCAP_ARMV7_NEON) != 0;
#elif defined(__ARM_NEON)
  return 1;
#else
  return 0;
#endif
}

static int has_dotprod(void) {
#if defined(__aarch64__) && defined(HAVE_AUXV)
  return (getauxval(AT_HWCAP) & HWCAP_AARCH64_ASIMDDP) != 0;
#elif defined(__aarch64__) && !__STDC_HOSTED__ /* in EL1 the register itself may be read */
  unsigned long long features;
  __asm__("mrs %0, id_aa64isar0_el1" : "=r"(features));
  return ((features >> 44) & 15u) != 0;
#elif defined(__ARM_FEATURE_DOTPROD)
  return 1;
#else
  return 0;
#endif
}

int pn_cpu_supports(pn_kernel family) {
  switch (family) {
    case PN_KERNEL_SCALAR: return 1;
    case PN_KERNEL_NEON: return has_neon();
    case PN_KERNEL_DOTPROD: return has_dotprod();
    default: return 0;
  }
}

#elif defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)

#include <stdint.h>

#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

enum { EAX, EBX, ECX, EDX };

/* Zero registers for a leaf that the CPU does not have. */
static void read_cpuid(uint32_t leaf, uint32_t registers[4]) {
  for (int i = 0; i < 4; i++) registers[i] = 0;
#if defined(_MSC_VER)
  int found[4];
  __cpuid(found, 0);
  if ((uint32_t)found[0] < leaf) return;
  __cpuidex(found, (int)leaf, 0);
  for (int i = 0; i < 4; i++) registers[i] = (uint32_t)found[i];
#else
  __get_cpuid_count(leaf, 0, &registers[EAX], &registers[EBX], &registers[ECX], &registers[EDX]);
#endif
}

/* Which registers the operating system saves (XCR0). */
static uint32_t saved_registers(void) {
#if defined(_MSC_VER)
  return (uint32_t)_xgetbv(0);
#else
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
#endif
}

#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF7_EBX_AVX2 (1u << 5)
#define LEAF7_EBX_AVX512F (1u << 16)
#define LEAF7_EBX_AVX512BW (1u << 30)
#define LEAF7_EBX_AVX512VL (1u << 31)
#define LEAF7_ECX_AVX512VNNI (1u << 11)
#define XCR0_YMM 0x06u
#define XCR0_ZMM 0xE6u

static int has_avx2(const uint32_t leaf7[4], uint32_t xcr0) {
  return (xcr0 & XCR0_YMM) == XCR0_YMM && (leaf7[EBX] & LEAF7_EBX_AVX2) != 0;
}

static int has_avx512vnni(const uint32_t leaf7[4], uint32_t xcr0) {
  const uint32_t base = LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512BW | LEAF7_EBX_AVX512VL;
  return (xcr0 & XCR0_ZMM) == XCR0_ZMM && (leaf7[EBX] & base) == base &&
         (leaf7[ECX] & LEAF7_ECX_AVX512VNNI) != 0;
}

int pn_cpu_supports(pn_kernel family) {
  uint32_t leaf1[4], leaf7[4];
  if (family == PN_KERNEL_SCALAR) return 1;
  read_cpuid(1, leaf1);
  if ((leaf1[ECX] & LEAF1_ECX_OSXSAVE) == 0) return 0;
  read_cpuid(7, leaf7);
  const uint32_t xcr0 = saved_registers();
  switch (family) {
    case PN_KERNEL_AVX2: return has_avx2(leaf7, xcr0);
    case PN_KERNEL_AVX512VNNI: return has_avx2(leaf7, xcr0) && has_avx512vnni(leaf7, xcr0);
    default: return 0;
  }
}

#else

int pn_cpu_supports(pn_kernel family) { return family == PN_KERNEL_SCALAR; }

#endif

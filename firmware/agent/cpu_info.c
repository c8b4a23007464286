/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "cpu_info.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__arm__) || defined(__aarch64__)
#include <sys/auxv.h>
#endif

#if defined(__arm__) || defined(__aarch64__)
typedef struct pn_core_name {
  uint16_t part; /* of MIDR, implementer Arm (0x41) */
  const char *name;
} pn_core_name;

static const pn_core_name core_names[] = {
    {0xc07, "Cortex-A7"},    {0xc08, "Cortex-A8"},   {0xc09, "Cortex-A9"},
    {0xc0f, "Cortex-A15"},   {0xd03, "Cortex-A53"},  {0xd04, "Cortex-A35"},
    {0xd05, "Cortex-A55"},   {0xd07, "Cortex-A57"},  {0xd08, "Cortex-A72"},
    {0xd09, "Cortex-A73"},   {0xd0a, "Cortex-A75"},  {0xd0b, "Cortex-A76"},
    {0xd0c, "Neoverse-N1"},  {0xd0d, "Cortex-A77"},  {0xd40, "Neoverse-V1"},
    {0xd41, "Cortex-A78"},   {0xd44, "Cortex-X1"},   {0xd46, "Cortex-A510"},
    {0xd47, "Cortex-A710"},  {0xd48, "Cortex-X2"},   {0xd49, "Neoverse-N2"},
    {0xd4d, "Cortex-A715"},  {0xd4e, "Cortex-X3"},   {0xd80, "Cortex-A520"},
    {0xd81, "Cortex-A720"},  {0xd82, "Cortex-X4"},
};

static void name_from_id(unsigned implementer, unsigned part, char *name, size_t bytes) {
  for (size_t i = 0; i < sizeof core_names / sizeof core_names[0]; ++i) {
    if (implementer == 0x41 && core_names[i].part == part) {
      snprintf(name, bytes, "%s", core_names[i].name);
      return;
    }
  }
  if (implementer == 0 && part == 0x051) {
    snprintf(name, bytes, "QEMU max");
    return;
  }
  snprintf(name, bytes, "implementer 0x%02x part 0x%03x", implementer, part);
}
#endif

/* Value of the first line "key : value" of /proc/cpuinfo; false when there is none. */
static int cpuinfo_value(const char *key, char *value, size_t bytes) {
  FILE *file = fopen("/proc/cpuinfo", "r");
  char line[256];
  int found = 0;
  while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
    char *colon = strchr(line, ':');
    if (strncmp(line, key, strlen(key)) != 0 || colon == NULL) continue;
    colon += 1;
    colon += strspn(colon, " \t");
    colon[strcspn(colon, "\r\n")] = '\0';
    snprintf(value, bytes, "%s", colon);
    found = 1;
  }
  if (file != NULL) fclose(file);
  return found;
}

const char *pn_agent_cpu_arch(void) {
#if defined(__aarch64__)
  return "aarch64";
#elif defined(__arm__)
  return "armv7";
#elif defined(__x86_64__)
  return "x86_64";
#else
  return "unknown";
#endif
}

void pn_agent_cpu_name(char *name, size_t bytes) {
  snprintf(name, bytes, "unknown");
#if defined(__aarch64__)
  /* The kernel (and user-mode emulation) lets programs read MIDR when it says so. */
  const unsigned long hwcap_cpuid = 1ul << 11;
  if ((getauxval(AT_HWCAP) & hwcap_cpuid) != 0) {
    uint64_t midr = 0;
    __asm__("mrs %0, midr_el1" : "=r"(midr));
    name_from_id((unsigned)(midr >> 24) & 0xffu, (unsigned)(midr >> 4) & 0xfffu, name, bytes);
    return;
  }
#endif
#if defined(__arm__) || defined(__aarch64__)
  char implementer[32];
  char part[32];
  if (cpuinfo_value("CPU implementer", implementer, sizeof implementer) &&
      cpuinfo_value("CPU part", part, sizeof part)) {
    name_from_id((unsigned)strtoul(implementer, NULL, 0), (unsigned)strtoul(part, NULL, 0), name,
                 bytes);
    return;
  }
  const char *platform = (const char *)(uintptr_t)getauxval(AT_PLATFORM);
  if (platform != NULL) snprintf(name, bytes, "%s", platform);
#else
  cpuinfo_value("model name", name, bytes);
#endif
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the first plugin of a LADSPA file over 48 kHz mono float samples, raw from standard input to
 * standard output, in blocks that lie in memory of exactly their size. Output controls are printed
 * to standard error at the end.
 * usage: ladspa_host PLUGIN.so BLOCK [CONTROL INPUT]... */
#include <dlfcn.h>
#include <ladspa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTS_MAX 16

static int fail(const char *what) {
  fprintf(stderr, "ladspa_host: %s\n", what);
  return 1;
}

static const LADSPA_Descriptor *load(const char *path) {
  void *file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  LADSPA_Descriptor_Function describe;
  if (file == NULL) {
    fail(dlerror());
    return NULL;
  }
  void *symbol = dlsym(file, "ladspa_descriptor");
  if (symbol == NULL) return NULL;
  memcpy(&describe, &symbol, sizeof describe);
  return describe(0);
}

static void process(const LADSPA_Descriptor *plugin, LADSPA_Handle instance, size_t block) {
  LADSPA_Data *in = malloc(block * sizeof *in);
  LADSPA_Data *out = malloc(block * sizeof *out);
  size_t got = in == NULL || out == NULL ? 0 : block;
  plugin->connect_port(instance, 0, in);
  plugin->connect_port(instance, 1, out);
  while (got == block) {
    got = fread(in, sizeof *in, block, stdin);
    plugin->run(instance, got);
    fwrite(out, sizeof *out, got, stdout);
  }
  free(in);
  free(out);
}

int main(int argc, char **argv) {
  LADSPA_Data controls[PORTS_MAX] = {0};
  if (argc < 3) return fail("usage: ladspa_host PLUGIN.so BLOCK [CONTROL INPUT]...");
  const LADSPA_Descriptor *plugin = load(argv[1]);
  const size_t block = strtoul(argv[2], NULL, 10);
  if (plugin == NULL || plugin->PortCount > PORTS_MAX || block == 0) return fail("no plugin");
  LADSPA_Handle instance = plugin->instantiate(plugin, 48000);
  if (instance == NULL) return fail("no instance");
  int next = 3;
  for (unsigned long port = 0; port < plugin->PortCount; port++) {
    const LADSPA_PortDescriptor kind = plugin->PortDescriptors[port];
    if (!LADSPA_IS_PORT_CONTROL(kind)) continue;
    if (LADSPA_IS_PORT_INPUT(kind) && next < argc) controls[port] = strtof(argv[next++], NULL);
    plugin->connect_port(instance, port, &controls[port]);
  }
  if (plugin->activate != NULL) plugin->activate(instance);
  process(plugin, instance, block);
  for (unsigned long port = 0; port < plugin->PortCount; port++) {
    if (LADSPA_IS_PORT_CONTROL(plugin->PortDescriptors[port]) &&
        LADSPA_IS_PORT_OUTPUT(plugin->PortDescriptors[port])) {
      fprintf(stderr, "%s: %g\n", plugin->PortNames[port], (double)controls[port]);
    }
  }
  plugin->cleanup(instance);
  return 0;
}

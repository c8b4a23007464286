/* SPDX-License-Identifier: Apache-2.0 */
/* usage: run_library LIBRARY KERNEL < in.pcm > out.pcm
 * Cleans 16-bit samples with a library loaded at run time, as an app does. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "percepnet/percepnet.h"

/* dlsym gives an object pointer; POSIX lets it be read as a pointer to a function. */
static void load(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  if (symbol == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  *(void **)function = symbol;
}

int main(int argc, char **argv) {
  void (*config_init)(pn_config *);
  pn_status (*create)(const pn_config *, pn_state **);
  pn_status (*process)(pn_state *, const int16_t *, int16_t *, pn_frame_info *);
  void (*destroy)(pn_state *);
  void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (library == NULL) {
    fprintf(stderr, "%s\n", argc == 3 ? dlerror() : "usage: run_library LIBRARY KERNEL");
    return 2;
  }
  load(library, "pn_config_init", &config_init);
  load(library, "pn_create", &create);
  load(library, "pn_process_frame", &process);
  load(library, "pn_destroy", &destroy);

  pn_config config;
  pn_state *state;
  int16_t samples[PN_FRAME_SAMPLES];
  config_init(&config);
  config.kernel = (pn_kernel)atoi(argv[2]);
  const pn_status status = create(&config, &state);
  if (status != PN_OK) {
    fprintf(stderr, "pn_create: %d\n", (int)status);
    return 3;
  }
  while (fread(samples, sizeof samples, 1, stdin) == 1) {
    process(state, samples, samples, NULL);
    fwrite(samples, sizeof samples, 1, stdout);
  }
  destroy(state);
  return dlclose(library) == 0 ? 0 : 4;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Python as a program of this name's own: QEMU's plugins know functions of the main program by
 * name and those of shared libraries only by address, so the marks have to be in the former. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define MARK __attribute__((noinline, visibility("default")))

MARK void pn_mark_frame(void);
MARK void pn_mark_network(void);

void pn_mark_frame(void) {
  __asm__ volatile("");
}

void pn_mark_network(void) {
  __asm__ volatile("nop");
}

typedef int python_main(int argc, char **argv);

int main(int argc, char **argv) {
  void *library = dlopen("libpython3.11.so.1.0", RTLD_NOW | RTLD_GLOBAL);
  void *found = library == NULL ? NULL : dlsym(library, "Py_BytesMain");
  if (found == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  python_main *run;
  memcpy(&run, &found, sizeof run); /* ISO C has no cast from objects to functions */
  return run(argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "build_id_linux.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BUILD_ID_MAX 32u
#define NAME_BYTES 4u /* "GNU" and its zero */

/* Set by the linker, in static and in position-independent programs. */
extern const uint8_t __ehdr_start[] __attribute__((visibility("hidden")));

static char build_id[2u * BUILD_ID_MAX + 1u];

static void write_hex(const uint8_t *bytes, size_t count) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < count; ++i) {
    build_id[2u * i] = digits[bytes[i] >> 4];
    build_id[2u * i + 1u] = digits[bytes[i] & 15u];
  }
}

static size_t padded(size_t count) { return (count + 3u) & ~(size_t)3u; }

/* Notes follow one another: header, name, content, the latter two padded to words. */
static bool take_from_notes(const uint8_t *notes, size_t bytes) {
  ElfW(Nhdr) note;
  for (size_t at = 0; at + sizeof note <= bytes;) {
    memcpy(&note, notes + at, sizeof note);
    const uint8_t *name = notes + at + sizeof note;
    const size_t whole = sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    if (whole > bytes - at) return false;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == NAME_BYTES &&
        memcmp(name, "GNU", NAME_BYTES) == 0 && note.n_descsz <= BUILD_ID_MAX) {
      write_hex(name + NAME_BYTES, note.n_descsz);
      return true;
    }
    at += whole;
  }
  return false;
}

static ElfW(Phdr) segment(const ElfW(Ehdr) *header, size_t index) {
  ElfW(Phdr) found;
  memcpy(&found, __ehdr_start + header->e_phoff + index * sizeof found, sizeof found);
  return found;
}

const char *pn_linux_build_id(void) {
  ElfW(Ehdr) header;
  memcpy(&header, __ehdr_start, sizeof header);
  size_t first_address = 0; /* that the linker gave to the ELF header */
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const ElfW(Phdr) found = segment(&header, i);
    if (found.p_type == PT_LOAD && found.p_offset == 0) first_address = (size_t)found.p_vaddr;
  }
  for (size_t i = 0; i < header.e_phnum; ++i) {
    const ElfW(Phdr) found = segment(&header, i);
    if (found.p_type != PT_NOTE) continue;
    const size_t at = (size_t)found.p_vaddr - first_address;
    if (take_from_notes(__ehdr_start + at, (size_t)found.p_memsz)) break;
  }
  return build_id;
}

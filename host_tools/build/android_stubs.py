# SPDX-License-Identifier: Apache-2.0
"""Stubs of Android's system libraries, enough to link ours without the NDK.

A stub has the real library's name, symbol names and symbol versions and no code: the linker looks
at nothing else, and the phone has the real one. CMake runs this file as a script
(toolchain-stubs.cmake), so it imports the standard library alone.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

_LIBC = [
    *("__cxa_atexit", "__cxa_finalize", "__stack_chk_fail", "getauxval"),
    *("abort", "calloc", "free", "malloc", "posix_memalign"),
    *("memchr", "memcmp", "memcpy", "memmove", "memset", "strcmp", "strlen", "strncmp"),
    *("snprintf", "vsnprintf"),
]
_LIBC_ARM = [
    f"__aeabi_mem{operation}{alignment}"
    for operation in ("clr", "cpy", "move", "set")
    for alignment in ("", "4", "8")
]
_LIBM = ["lrint", "lrintf", "rint", "rintf"]
_LIBLOG = ["__android_log_print", "__android_log_write"]
_LIBDL = ["dlclose", "dlerror", "dlopen", "dlsym"]

_HEADERS = {
    "string.h": """#include <stddef.h>
void *memchr(const void *, int, size_t);
int memcmp(const void *, const void *, size_t);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int strcmp(const char *, const char *);
size_t strlen(const char *);
int strncmp(const char *, const char *, size_t);
""",
    "stdlib.h": """#include <stddef.h>
_Noreturn void abort(void);
void *calloc(size_t, size_t);
void free(void *);
void *malloc(size_t);
int posix_memalign(void **, size_t, size_t);
""",
    "stdio.h": """#include <stdarg.h>
#include <stddef.h>
int snprintf(char *, size_t, const char *, ...);
int vsnprintf(char *, size_t, const char *, va_list);
""",
    "sys/auxv.h": """#define AT_HWCAP 16
#define AT_HWCAP2 26
unsigned long getauxval(unsigned long);
""",
    "android/log.h": """#define ANDROID_LOG_INFO 4
#define ANDROID_LOG_WARN 5
#define ANDROID_LOG_ERROR 6
int __android_log_print(int, const char *, const char *, ...);
int __android_log_write(int, const char *, const char *);
""",
}

# A library's start file: its handle, what unloading runs, and the note by which the loader knows
# the API level. As assembly: a section attribute could not make it a note.
_CRT_BEGIN = """extern void __cxa_finalize(void *);
__attribute__((visibility("hidden"))) void *const __dso_handle = (void *)&__dso_handle;
__attribute__((destructor)) static void finalize(void) {{ __cxa_finalize((void *)&__dso_handle); }}
__asm__(".pushsection .note.android.ident,\\"a\\",%note\\n"
        ".balign 4\\n"
        ".long 8, 4, 1\\n"
        ".asciz \\"Android\\"\\n"
        ".long {api}\\n"
        ".popsection\\n");
"""


class StubError(Exception):
    """A stub could not be made; one line."""


def make_stubs(compiler: str, target: str, output: Path) -> None:
    """Headers, libraries and start file for *target*, a triple that ends in an API level.

    Writes ``output/made`` last. Raises StubError.
    """
    level = re.fullmatch(r"\w+-linux-android(?:eabi)?(\d+)", target)
    if level is None:
        raise StubError(
            f"{target}: not an Android target; give for example aarch64-linux-android21"
        )
    for name, text in _HEADERS.items():
        path = output / "include" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#pragma once\n{text}")
    libraries = {
        "libc": _LIBC + (_LIBC_ARM if target.startswith("armv7") else []),
        "libm": _LIBM,
        "liblog": _LIBLOG,
        "libdl": _LIBDL,
    }
    compile_ = [compiler, f"--target={target}", "-nostdlibinc", "-fPIC", "-O1"]
    for name, symbols in libraries.items():
        _link_library(compile_, name, symbols, output)
    source = output / "crtbegin_so.c"
    source.write_text(_CRT_BEGIN.format(api=level[1]))
    _run([*compile_, "-c", str(source), "-o", str(output / "crtbegin_so.o")])
    (output / "made").write_text(f"{target}\n")


def _link_library(compile_: list[str], name: str, symbols: list[str], output: Path) -> None:
    source, versions = output / f"{name}.c", output / f"{name}.map"
    source.write_text("".join(f"void {symbol}(void) {{}}\n" for symbol in symbols))
    node = "" if name == "liblog" else "LIBC "  # Android gives liblog's symbols no version
    versions.write_text(f"{node}{{ global: {' '.join(f'{s};' for s in symbols)} local: *; }};\n")
    options = ["-shared", "-nostdlib", "-fuse-ld=lld", "-fno-builtin", "-w"]
    options += [f"-Wl,-soname,{name}.so", f"-Wl,--version-script={versions}"]
    _run([*compile_, *options, str(source), "-o", str(output / f"{name}.so")])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise StubError(f"{command[0]}: {error.strerror}; install clang-19 and lld-19") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or ["no message"]
        raise StubError(f"{command[0]} failed: {lines[0]}")


def main() -> int:
    """The script: prints the reason of a failure and returns 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        make_stubs(arguments.compiler, arguments.target, arguments.output)
    except StubError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Small libraries for Android, linked well or with one mistake, and shims to run one on Linux."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from elftools.elf.elffile import ELFFile

ARM64 = "aarch64-linux-android21"
ARMV7 = "armv7a-linux-androideabi21"

SOURCE = """
#include <stdlib.h>
const char *const words[] = {"a", "b"};
const char *pn_version(void) { return words[0]; }
void *pn_create(void) { return malloc(1); }
void helper(void) {}
"""
EXPORTS = "{ global: pn_*; local: *; };\n"
LINK = (
    *("-fuse-ld=lld", "-shared", "-nostdlib", "-Wl,-soname,libpercepnet.so", "-Wl,--no-undefined"),
    *("-Wl,-z,max-page-size=16384", "-Wl,-z,common-page-size=16384", "-Wl,-z,now", "-Wl,-z,relro"),
    "-Wl,--build-id=sha1",
)


def link(
    compiler: str,
    stubs: Path,
    folder: Path,
    options: Sequence[str] = (),
    *,
    target: str = ARM64,
    source: str = SOURCE,
    exports: str = EXPORTS,
    crt: bool = True,
) -> Path:
    """libpercepnet.so in *folder* from *source*; *options* come last and so count."""
    (folder / "library.c").write_text(source)
    (folder / "exports.map").write_text(exports)
    library = folder / "libpercepnet.so"
    command = [compiler, f"--target={target}", "-nostdlibinc", f"-isystem{stubs}/include"]
    command += ["-fPIC", *LINK, f"-Wl,--version-script={folder}/exports.map"]
    command += [str(stubs / "crtbegin_so.o")] if crt else []
    command += [str(folder / "library.c"), "-o", str(library), f"-L{stubs}", *options, "-lc"]
    subprocess.run(command, check=True, capture_output=True)
    return library


def outside_symbols(library: Path) -> list[str]:
    """Functions that *library* takes from Android's libraries."""
    with library.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".dynsym")
        return sorted(
            s.name for s in table.iter_symbols() if s.name and s["st_shndx"] == "SHN_UNDEF"
        )


def exported_symbols(library: Path) -> set[str]:
    """Functions that *library* shows."""
    with library.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".dynsym")
        return {s.name for s in table.iter_symbols() if s.name and s["st_shndx"] != "SHN_UNDEF"}


def make_shim(compiler: str, jump: str, library: Path, folder: Path) -> None:
    """libc.so in *folder* that passes what *library* calls on to this system's C library.

    Android's version of a symbol is LIBC; *jump* is the machine's instruction of a tail call.
    """
    lines = [
        f'__asm__(".globl to_{name}\\n.type to_{name}, %function\\n'
        f'to_{name}: {jump.format(name)}\\n.symver to_{name}, {name}@LIBC\\n");'
        for name in outside_symbols(library)
    ]
    (folder / "shim.c").write_text("\n".join(lines) + "\n")
    (folder / "shim.map").write_text("LIBC { };\n")
    command = [compiler, "-shared", "-fPIC", "-Wl,-soname,libc.so", "-Wl,-z,max-page-size=65536"]
    command += [f"-Wl,--version-script={folder}/shim.map", str(folder / "shim.c")]
    subprocess.run([*command, "-o", str(folder / "libc.so")], check=True, capture_output=True)

# SPDX-License-Identifier: Apache-2.0
"""Rules that a shared library must keep to load on every Android phone of its ABI.

Wrong page alignment or a wrong end of the read-only part shows only on some phones, as a library
that does not load; so each library is looked at after linking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.constants import E_FLAGS, P_FLAGS
from elftools.elf.elffile import ELFFile

from host_tools.errors import DataError, UsageError


@dataclass(frozen=True)
class AndroidAbi:
    """What an ABI asks of a library's file."""

    name: str
    bits: int
    machine: str
    page_bytes: int
    """The largest page in use: 16 KB on phones with 64 bits."""


ANDROID_ABIS = (
    AndroidAbi("arm64-v8a", 64, "EM_AARCH64", 16384),
    AndroidAbi("armeabi-v7a", 32, "EM_ARM", 4096),
    AndroidAbi("x86_64", 64, "EM_X86_64", 16384),
)

_SMALLEST_PAGE = 4096
_SONAME = "libpercepnet.so"
_SYSTEM_LIBRARIES = frozenset({"libc.so", "libm.so", "liblog.so", "libdl.so"})
_EXPORT = re.compile(r"pn_\w+|Java_\w+|JNI_OnLoad")
_DF_TEXTREL = 4
_SHA1_HEX_DIGITS = 40


def find_abi(name: str) -> AndroidAbi:
    """The ABI called *name*; UsageError names those that exist."""
    for abi in ANDROID_ABIS:
        if abi.name == name:
            return abi
    known = ", ".join(abi.name for abi in ANDROID_ABIS)
    raise UsageError(f"Android ABI '{name}' is unknown; available: {known}")


def library_findings(path: Path, abi_name: str) -> list[str]:
    """What is wrong with the library at *path*, a line each; empty when it may be shipped.

    Raises UsageError (ABI), DataError (the file cannot be read).
    """
    abi = find_abi(abi_name)
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            wrong_machine = list(_machine_findings(elf, abi))
            # rules of one machine say nothing about another's file
            return wrong_machine or list(_findings(elf, abi))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; build it: host_tools build") from error
    except ELFError as error:
        return [f"not a readable ELF file ({error})"]


def _findings(elf: Any, abi: AndroidAbi) -> Iterator[str]:
    yield from _segment_findings(elf, abi)
    yield from _relro_findings(elf, abi)
    yield from _dynamic_findings(elf)
    yield from _note_findings(elf)
    yield from _export_findings(elf)


def _machine_findings(elf: Any, abi: AndroidAbi) -> Iterator[str]:
    header = elf.header
    if header["e_type"] != "ET_DYN":
        yield f"type {header['e_type']}, not a shared library"
    if elf.elfclass != abi.bits or header["e_machine"] != abi.machine:
        found = f"{elf.elfclass}-bit {header['e_machine']}"
        yield f"{found}; {abi.name} is {abi.bits}-bit {abi.machine}"
    elif header["e_machine"] == "EM_ARM" and header["e_flags"] & E_FLAGS.EF_ARM_ABI_FLOAT_HARD:
        yield "passes floating-point values in VFP registers; Android uses the base call standard"


def _segment_findings(elf: Any, abi: AndroidAbi) -> Iterator[str]:
    stacks = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_GNU_STACK"]
    if not stacks or stacks[0]["p_flags"] & P_FLAGS.PF_X:
        yield "asks for an executable stack; link with -z noexecstack"
    for segment in _loads(elf):
        place = f"segment at {segment['p_vaddr']:#x}"
        apart = segment["p_vaddr"] - segment["p_offset"]
        if segment["p_align"] < abi.page_bytes or apart % abi.page_bytes:
            yield (
                f"{place} is aligned to {segment['p_align']} bytes, not {abi.page_bytes}; "
                f"link with -z max-page-size={abi.page_bytes}"
            )
        if segment["p_flags"] & P_FLAGS.PF_W and segment["p_flags"] & P_FLAGS.PF_X:
            yield f"{place} is writable and executable"


def _relro_findings(elf: Any, abi: AndroidAbi) -> Iterator[str]:
    """The loader protects whole pages up to RELRO's end: all mapped, and nothing else in them."""
    relro = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_GNU_RELRO"]
    if not relro:
        yield "no RELRO segment; link with -z relro"
        return
    start, end = relro[0]["p_vaddr"], _end(relro[0])
    around = [load for load in _loads(elf) if load["p_vaddr"] <= start < _end(load)]
    if not around:
        yield f"RELRO at {start:#x} is in no loaded segment"
        return
    if end % abi.page_bytes:
        yield (
            f"RELRO ends at {end:#x}, not at a multiple of {abi.page_bytes}; "
            f"link with -z common-page-size={abi.page_bytes}"
        )
    mapped = -(-_end(around[0]) // _SMALLEST_PAGE) * _SMALLEST_PAGE
    if end > mapped:
        yield (
            f"RELRO ends at {end:#x}, beyond what {_SMALLEST_PAGE}-byte pages map ({mapped:#x}): "
            "it would not load; link with lld 18 or later"
        )


def _dynamic_findings(elf: Any) -> Iterator[str]:
    dynamic = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_DYNAMIC"]
    if not dynamic:
        yield "no dynamic segment, not a shared library"
        return
    tags = list(dynamic[0].iter_tags())
    sonames = [tag.soname for tag in tags if tag.entry.d_tag == "DT_SONAME"]
    if sonames != [_SONAME]:
        yield f"name (SONAME) is {', '.join(sonames) or 'missing'}, not {_SONAME}"
    needed = {tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"}
    for name in sorted(needed - _SYSTEM_LIBRARIES):
        yield f"needs {name}, which is no system library for apps that it may use"
    if any(
        tag.entry.d_tag == "DT_TEXTREL"
        or (tag.entry.d_tag == "DT_FLAGS" and tag.entry.d_val & _DF_TEXTREL)
        for tag in tags
    ):
        yield "code is changed when loaded (TEXTREL); compile all with -fPIC"


def _note_findings(elf: Any) -> Iterator[str]:
    notes = [
        note
        for segment in elf.iter_segments()
        if segment["p_type"] == "PT_NOTE"
        for note in segment.iter_notes()
    ]
    if not any(note["n_name"] == "Android" for note in notes):
        yield "no note of the Android API level; link with the start file crtbegin_so.o"
    build_ids = [note["n_desc"] for note in notes if note["n_type"] == "NT_GNU_BUILD_ID"]
    if [len(build_id) for build_id in build_ids] != [_SHA1_HEX_DIGITS]:
        yield "no build id; link with --build-id=sha1"


def _export_findings(elf: Any) -> Iterator[str]:
    table = elf.get_section_by_name(".dynsym")
    exported = sorted(
        symbol.name
        for symbol in (table.iter_symbols() if table else ())
        if symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["bind"] != "STB_LOCAL"
    )
    for name in exported:
        if not _EXPORT.fullmatch(name):
            yield f"shows the symbol {name}; link with --version-script=percepnet.map"
    if not any(name.startswith("pn_") for name in exported):
        yield "shows no function pn_*; link with --version-script=percepnet.map"


def _loads(elf: Any) -> list[Any]:
    return [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD"]


def _end(segment: Any) -> int:
    return int(segment["p_vaddr"] + segment["p_memsz"])

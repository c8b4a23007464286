# SPDX-License-Identifier: Apache-2.0
"""kernel8.img as a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.bare_metal import images

LAST_LINE_BYTES = len("PNSHA256 ") + 64 + 1
RAM_MAX_BYTES = 32 << 20


def test_the_header_tells_place_length_and_build(small_kernel: Path) -> None:
    data = small_kernel.read_bytes()
    magic, version, machine, load, size, _ = images.HEADER.unpack_from(data, images.HEADER_AT)
    assert (magic, version, machine, load) == (b"PNKERNEL", 1, 0xAA64, 0x80000)
    assert size == len(data) - LAST_LINE_BYTES
    with small_kernel.with_suffix(".elf").open("rb") as file:
        note = ELFFile(file).get_section_by_name(".note.gnu.build-id")
        ids = [entry["n_desc"] for entry in note.iter_notes()]
    assert ids == [images.build_id(data)]


def test_the_last_line_is_the_digest_of_all_before(small_kernel: Path) -> None:
    data = small_kernel.read_bytes()
    body = data[:-LAST_LINE_BYTES]
    assert data[len(body) :] == f"PNSHA256 {hashlib.sha256(body).hexdigest()}\n".encode()


def test_the_program_stays_below_the_agents_memory(small_kernel: Path) -> None:
    with small_kernel.with_suffix(".elf").open("rb") as file:
        ends = [s["sh_addr"] + s["sh_size"] for s in ELFFile(file).iter_sections()]
    assert 0x80000 < max(ends) <= RAM_MAX_BYTES


@pytest.mark.parametrize("name", ["malloc", "free", "printf", "abort", "getauxval"])
def test_no_operating_system_is_called(small_kernel: Path, name: str) -> None:
    with small_kernel.with_suffix(".elf").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        assert table.get_symbol_by_name(name) is None
        assert table.get_symbol_by_name("pn_bare_main") is not None

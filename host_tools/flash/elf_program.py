# SPDX-License-Identifier: Apache-2.0
"""What an ELF file says about itself: machine, completeness, build id."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\x7fELF"
_CLASS_64 = 2
_LITTLE_ENDIAN = 1
_MACHINES = {(0xB7, 2): "aarch64", (0x28, 1): "armv7", (0x3E, 2): "x86_64"}
"""e_machine and class, to what an agent calls its CPU."""
_HEADER_BYTES = 64
_TYPES_THAT_START = (2, 3)
_SEGMENT_NOTE = 4
_NOTE_HEADER_BYTES = 12
_NOTE_BUILD_ID = 3


class NotWhole(Exception):
    """The file ends before what its headers announce."""


@dataclass(frozen=True)
class ElfProgram:
    """``machine`` is "" for one that the kit does not build for; ``build_id`` "" without one."""

    machine: str
    starts: bool
    build_id: str


def read_elf(data: bytes) -> ElfProgram:
    """Headers and build id of *data*, which begins with MAGIC. Raises NotWhole."""
    if len(data) < _HEADER_BYTES:
        raise NotWhole
    kind, machine = struct.unpack_from("<HH", data, 16)
    wide = data[4] == _CLASS_64
    if data[5] != _LITTLE_ENDIAN or (machine, data[4]) not in _MACHINES:
        return ElfProgram("", False, "")
    segments = list(_segments(data, wide))
    if any(offset + size > len(data) for _, offset, size in segments):
        raise NotWhole
    notes = (data[at : at + size] for kind, at, size in segments if kind == _SEGMENT_NOTE)
    build_id = next(filter(None, map(build_id_of_notes, notes)), "")
    starts = kind in _TYPES_THAT_START and bool(segments)
    return ElfProgram(_MACHINES[machine, data[4]], starts, build_id)


def build_id_of_notes(notes: bytes) -> str:
    """Hex digits of the GNU build id among ELF notes, "" when there is none."""
    at = 0
    while at + _NOTE_HEADER_BYTES <= len(notes):
        name_bytes, content_bytes, kind = struct.unpack_from("<3I", notes, at)
        name = at + _NOTE_HEADER_BYTES
        content = name + _padded(name_bytes)
        if kind == _NOTE_BUILD_ID and notes[name : name + name_bytes] == b"GNU\0":
            return notes[content : content + content_bytes].hex()
        at = content + _padded(content_bytes)
    return ""


def _segments(data: bytes, wide: bool) -> Iterator[tuple[int, int, int]]:
    """Kind, offset and bytes of each segment."""
    tables = struct.unpack_from("<QQ", data, 32) if wide else struct.unpack_from("<II", data, 28)
    sizes = struct.unpack_from("<4H", data, 54 if wide else 42)
    (at, sections), (size, count, section_bytes, section_count) = tables, sizes
    if max(at + size * count, sections + section_bytes * section_count) > len(data):
        raise NotWhole
    if count and size < (56 if wide else 32):
        raise NotWhole
    for header in range(at, at + size * count, size or 1):
        (kind,) = struct.unpack_from("<I", data, header)
        offset, file_bytes = (
            struct.unpack_from("<Q16xQ", data, header + 8)
            if wide
            else struct.unpack_from("<I8xI", data, header + 4)
        )
        yield kind, offset, file_bytes


def _padded(count: int) -> int:
    return -(-count // 4) * 4

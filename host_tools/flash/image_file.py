# SPDX-License-Identifier: Apache-2.0
"""Programs for devices, checked before anything is sent: kernel8.img and percepnet_agent."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from host_tools.errors import DataError
from host_tools.flash import elf_program

Kind = Literal["bare-metal", "linux"]

BARE_METAL_TARGET = "rpi-bare-metal"
LINUX_TARGETS = {"aarch64": "rpi-aarch64", "armv7": "rpi-armv7", "x86_64": "host"}
"""Build target by what an agent calls its CPU."""

_FILE_BYTES_MAX = 64 << 20
_HEADER_OFFSET = 8
_HEADER = struct.Struct("<8sIIQQQ")  # struct pn_image_header
_MAGIC = b"PNKERNEL"
_HEADER_VERSION = 1
_MACHINES = {0xAA64: "aarch64"}
_CHECKSUM_LINE = re.compile(rb"PNSHA256 ([0-9a-f]{64})\n")
_CHECKSUM_LINE_BYTES = 74
_NOTE_BYTES_MAX = 64
_AGENT_MARK = b"percepnet_agent that takes programs, 1\0"
"""In every agent that can replace itself (firmware/agent/program_check_linux.c)."""


@dataclass(frozen=True)
class ProgramImage:
    """One checked program file.

    ``data`` is what a device is sent, ``file_bytes`` the whole file (kernel8.img ends in a line
    with its checksum). ``machine`` is what the agent calls its CPU; ``build_id`` are hex digits.
    """

    path: Path
    data: bytes
    file_bytes: bytes
    kind: Kind
    machine: str
    build_id: str

    @property
    def size(self) -> int:
        """Bytes that a device is sent."""
        return len(self.data)


def read_image(path: Path) -> ProgramImage:
    """The program in *path*. Raises DataError: absent, empty, cut short, damaged or another."""
    data = _read(path)
    if data.startswith(elf_program.MAGIC):
        return _linux(path, data)
    if is_bare_metal(data):
        return _bare_metal(path, data)
    raise DataError(
        f"{path}: neither a kernel8.img nor a percepnet_agent of this kit; try: "
        f"host_tools build --target {BARE_METAL_TARGET} (or rpi-aarch64, rpi-armv7)"
    )


def is_bare_metal(start: bytes) -> bool:
    """Whether a file that begins so is a kernel8.img of this kit."""
    return start[_HEADER_OFFSET : _HEADER_OFFSET + len(_MAGIC)] == _MAGIC


def _read(path: Path) -> bytes:
    again = f"try: host_tools build --target {BARE_METAL_TARGET} (or rpi-aarch64, rpi-armv7)"
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: is no file; give a kernel8.img or a percepnet_agent")
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; {again}") from error
    if not data:
        raise DataError(f"{path}: is empty; {again}")
    if len(data) > _FILE_BYTES_MAX:
        raise DataError(f"{path}: has more than 64 MiB, so it is no program of this kit; {again}")
    return data


def _bare_metal(path: Path, data: bytes) -> ProgramImage:
    again = f"build it again: host_tools build --target {BARE_METAL_TARGET}"
    line = _CHECKSUM_LINE.fullmatch(data[-_CHECKSUM_LINE_BYTES:])
    body = data[:-_CHECKSUM_LINE_BYTES]
    if line is None or len(body) < _HEADER_OFFSET + _HEADER.size:
        raise DataError(f"{path}: cut short, its last line with the checksum is not there; {again}")
    _, version, code, _, image_bytes, note_at = _HEADER.unpack_from(body, _HEADER_OFFSET)
    if len(body) < image_bytes:
        raise DataError(
            f"{path}: cut short, {len(body)} bytes instead of {image_bytes}; copy it or {again}"
        )
    if hashlib.sha256(body).hexdigest().encode() != line[1]:
        raise DataError(f"{path}: damaged, its checksum differs; copy it or {again}")
    if version != _HEADER_VERSION or code not in _MACHINES:
        raise DataError(f"{path}: made for another machine (0x{code:x}, header {version}); {again}")
    program = body[:image_bytes]
    build_id = elf_program.build_id_of_notes(program[note_at : note_at + _NOTE_BYTES_MAX])
    return ProgramImage(path, program, data, "bare-metal", _MACHINES[code], build_id)


def _linux(path: Path, data: bytes) -> ProgramImage:
    targets = ", ".join(LINUX_TARGETS.values())
    again = f"try: host_tools build --target TARGET ({targets})"
    try:
        program = elf_program.read_elf(data)
    except elf_program.NotWhole as error:
        raise DataError(f"{path}: cut short; copy it again or {again}") from error
    if not program.machine:
        raise DataError(
            f"{path}: a program for a CPU that this kit has no build for; known: "
            f"{', '.join(LINUX_TARGETS)}; {again}"
        )
    if not program.starts or _AGENT_MARK not in data:
        raise DataError(f"{path}: no percepnet_agent, or one that is too old; {again}")
    return ProgramImage(path, data, data, "linux", program.machine, program.build_id)

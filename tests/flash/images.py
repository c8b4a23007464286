# SPDX-License-Identifier: Apache-2.0
"""Program files made or changed for tests."""

from __future__ import annotations

import hashlib
import struct

BUILD_ID = "ab" * 20


def bare_metal_file(
    code: bytes = b"code" * 2000, *, machine: int = 0xAA64, image_bytes: int | None = None
) -> bytes:
    """A file of the form of kernel8.img: branch, header, code, build id, checksum line."""
    note = struct.pack("<3I", 4, 20, 3) + b"GNU\0" + bytes.fromhex(BUILD_ID)
    note_at = 8 + 40 + len(code)
    size = note_at + len(note)
    header = struct.pack("<8sIIQQQ", b"PNKERNEL", 1, machine, 0x80000, image_bytes or size, note_at)
    body = b"\x0c\0\0\x14\x1f\x20\x03\xd5" + header + code + note
    return body + b"PNSHA256 " + hashlib.sha256(body).hexdigest().encode() + b"\n"


def with_build_id(program: bytes, build_id: str) -> bytes:
    """An ELF program with another build id of the same length."""
    head = struct.pack("<3I", 4, len(build_id) // 2, 3) + b"GNU\0"
    at = program.index(head) + len(head)
    return program[:at] + bytes.fromhex(build_id) + program[at + len(build_id) // 2 :]

# SPDX-License-Identifier: Apache-2.0
"""What stands in kernel8.img (firmware/bare_metal/image_header.h), and variants of it."""

from __future__ import annotations

import struct
from pathlib import Path

HEADER = struct.Struct("<8sIIQQQ")
HEADER_AT = 8
NOTE_BYTES = 16  # sizes, type and the name "GNU"
ID_BYTES = 20


def program(path: Path) -> bytes:
    """What runs: the file without its last line, the checksum."""
    return path.read_bytes()[: image_bytes(path)]


def image_bytes(path: Path) -> int:
    """Length that the header tells."""
    return int(HEADER.unpack_from(path.read_bytes(), HEADER_AT)[4])


def build_id_at(image: bytes) -> int:
    """Where the build id lies."""
    return int(HEADER.unpack_from(image, HEADER_AT)[5]) + NOTE_BYTES


def build_id(image: bytes) -> str:
    """The build id, hex digits."""
    at = build_id_at(image)
    return image[at : at + ID_BYTES].hex()


def with_other_build_id(image: bytes) -> bytes:
    """The same program under another name."""
    at = build_id_at(image)
    return image[:at] + bytes(b ^ 0xFF for b in image[at : at + ID_BYTES]) + image[at + ID_BYTES :]


def with_other_machine(image: bytes) -> bytes:
    """An image that says it is for another machine."""
    at = HEADER_AT + 12
    return image[:at] + struct.pack("<I", 0xA332) + image[at + 4 :]

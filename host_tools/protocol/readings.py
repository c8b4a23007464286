# SPDX-License-Identifier: Apache-2.0
"""READ_FILE, LIST_FOLDER and FIRMWARE_QUERY: their payloads, as in docs/protocol.md."""

from __future__ import annotations

import struct

from host_tools.protocol.messages import Fields

TEXT_MAX_BYTES = 255
"""Longest path or question."""


def position_payload(position: int, path: str) -> bytes:
    """READ_FILE (from byte *position* on) and LIST_FOLDER (names to skip)."""
    return struct.pack("<I", position) + question_payload(path)


def question_payload(text: str) -> bytes:
    """FIRMWARE_QUERY: one string of at most TEXT_MAX_BYTES."""
    raw = text.encode()
    return struct.pack("<B", len(raw)) + raw


def file_part(payload: bytes, device: str = "device") -> tuple[bool, bytes]:
    """Response to READ_FILE: whether the file ends here, and its bytes."""
    fields = Fields(payload, device)
    return fields.take("<B") != 0, fields.rest()


def folder_part(payload: bytes, device: str = "device") -> tuple[bool, list[str]]:
    """Response to LIST_FOLDER: whether no more names follow, and names."""
    ended, rest = file_part(payload, device)
    fields = Fields(rest, device)
    names: list[str] = []
    left = len(rest)
    while left > 0:
        names.append(fields.text())
        left -= 1 + rest[len(rest) - left]
    return ended, names

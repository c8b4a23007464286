# SPDX-License-Identifier: Apache-2.0
"""Finds out whether a WAV file is shorter than its header says; libsndfile does not tell."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_UNKNOWN_SIZES = (0, 0xFFFFFFFF, 0x7FFFFFFF)
"""Written by programs that stream: the audio goes on to the end of the file."""


def missing_data_bytes(path: Path) -> int:
    """Bytes of the data chunk that are promised but not there; 0 for other kinds of file.

    A file that ends inside its header counts as one byte short.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        if magic not in (b"RIFF", b"RF64"):
            return 0
        if len(file.read(8)) < 8:
            return 1
        promised = _data_size(file, size)
    if promised is None:
        return 1
    start, length = promised
    return max(0, start + length - size)


def _data_size(file: BinaryIO, file_size: int) -> tuple[int, int] | None:
    """Start and size of the data chunk; None when the file ends before it."""
    large_data_size = 0
    while True:
        header = file.read(8)
        if len(header) < 8:
            return None
        name, size = struct.unpack("<4sI", header)
        start = file.tell()
        if name == b"ds64":
            fields = file.read(16)
            if len(fields) == 16:
                large_data_size = struct.unpack("<Q", fields[8:])[0]
        if name == b"data":
            if large_data_size and size == 0xFFFFFFFF:
                return start, large_data_size
            return start, file_size - start if size in _UNKNOWN_SIZES else size
        file.seek(start + size + size % 2)
        if file.tell() > file_size:
            return None

# SPDX-License-Identifier: Apache-2.0
"""Zip archives whose bytes depend on their entries alone."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that the format can hold
_UNIX = 3
_REGULAR_FILE = 0o100644 << 16
_ALIGNMENT_FIELD = 0xD935  # Android's extra field for padding: alignment, then zeros
_LOCAL_HEADER_BYTES = 30


@dataclass(frozen=True)
class ZipEntry:
    """A file of an archive."""

    name: str
    data: bytes
    alignment: int = 1
    """Above 1 the data is stored as it is and starts at a multiple of so many bytes."""


def zip_bytes(entries: Iterable[ZipEntry]) -> bytes:
    """The archive of *entries*, sorted by name."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for entry in sorted(entries, key=lambda entry: entry.name):
            _write(archive, output.tell(), entry)
    return output.getvalue()


def data_offset(archive: bytes, info: zipfile.ZipInfo) -> int:
    """Where the data of the entry *info* starts in *archive*."""
    name, extra = struct.unpack_from("<HH", archive, info.header_offset + 26)
    return int(info.header_offset + _LOCAL_HEADER_BYTES + name + extra)


def _write(archive: zipfile.ZipFile, offset: int, entry: ZipEntry) -> None:
    info = zipfile.ZipInfo(entry.name, _DATE)
    info.create_system = _UNIX
    info.external_attr = _REGULAR_FILE
    info.compress_type = zipfile.ZIP_DEFLATED
    if entry.alignment > 1:
        info.compress_type = zipfile.ZIP_STORED
        data = offset + _LOCAL_HEADER_BYTES + len(entry.name.encode())
        info.extra = _padding(data, entry.alignment)
    archive.writestr(info, entry.data)
    info.extra = b""  # the directory at the end needs no padding


def _padding(data: int, alignment: int) -> bytes:
    """An extra field that moves data from offset *data* to the next multiple of *alignment*."""
    smallest = struct.calcsize("<HHH")
    zeros = -(data + smallest) % alignment
    return struct.pack("<HHH", _ALIGNMENT_FIELD, 2 + zeros, alignment) + bytes(zeros)

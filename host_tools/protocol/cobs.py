# SPDX-License-Identifier: Apache-2.0
"""Consistent overhead byte stuffing: any bytes become bytes without a zero."""

from __future__ import annotations

_RUN_MAX = 254


def cobs_encode(data: bytes) -> bytes:
    """Encode; adds one byte, and one more per 254 non-zero bytes in a row."""
    out = bytearray()
    pieces = data.split(b"\0")
    for index, piece in enumerate(pieces):
        while len(piece) >= _RUN_MAX:
            out.append(_RUN_MAX + 1)
            out += piece[:_RUN_MAX]
            piece = piece[_RUN_MAX:]
            if not piece and index == len(pieces) - 1:
                return bytes(out)
        out.append(len(piece) + 1)
        out += piece
    return bytes(out)


def cobs_decode(data: bytes) -> bytes | None:
    """Decode bytes that hold no zero; None when a run is longer than the data."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        end = at + code
        if code == 0 or end > len(data):
            return None
        out += data[at + 1 : end]
        if code != _RUN_MAX + 1 and end < len(data):
            out.append(0)
        at = end
    return bytes(out)

# SPDX-License-Identifier: Apache-2.0
"""Frames on the link: header, payload and CRC-32, COBS-encoded between zero bytes."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from host_tools.protocol.cobs import cobs_decode, cobs_encode

PROTOCOL_VERSION = 1
PAYLOAD_MAX_BYTES = 4096
RESPONSE_BIT = 0x80

_HEADER = struct.Struct("<BBHHBB")
_CRC = struct.Struct("<I")
_RAW_MAX = _HEADER.size + PAYLOAD_MAX_BYTES + _CRC.size
_WIRE_MAX = _RAW_MAX + _RAW_MAX // 254 + 1
WIRE_MAX_BYTES = _WIRE_MAX + 2
"""The longest frame on the link, delimiters included."""
_SAMPLE_BYTES = 48


@dataclass(frozen=True)
class Frame:
    """One message. ``session`` and ``sequence`` are 0..65535, the other numbers one byte."""

    type: int
    session: int
    sequence: int
    payload: bytes = b""
    status: int = 0
    version: int = PROTOCOL_VERSION


def encode_frame(frame: Frame) -> bytes:
    """Bytes for the link, delimiters included. Raises ValueError for too long a payload."""
    if len(frame.payload) > PAYLOAD_MAX_BYTES:
        raise ValueError(f"payload of {len(frame.payload)} bytes, at most {PAYLOAD_MAX_BYTES}")
    body = (
        _HEADER.pack(frame.version, frame.type, frame.session, frame.sequence, frame.status, 0)
        + frame.payload
    )
    return b"\0" + cobs_encode(body + _CRC.pack(zlib.crc32(body))) + b"\0"


def decode_frame(encoded: bytes) -> Frame | None:
    """What lies between two delimiters; None when it is damaged."""
    raw = cobs_decode(encoded)
    if raw is None or not _HEADER.size + _CRC.size <= len(raw) <= _RAW_MAX:
        return None
    body = raw[: -_CRC.size]
    if zlib.crc32(body) != _CRC.unpack(raw[-_CRC.size :])[0]:
        return None
    version, kind, session, sequence, status, _ = _HEADER.unpack_from(body)
    return Frame(kind, session, sequence, body[_HEADER.size :], status, version)


class FrameReader:
    """Finds frames in a stream of any bytes, in pieces of any size; memory is bounded.

    ``damaged`` counts runs of bytes between delimiters that were no frame, ``stray_bytes`` their
    bytes, and ``sample`` keeps the first of them for messages.
    """

    def __init__(self) -> None:
        self.good = 0
        self.damaged = 0
        self.stray_bytes = 0
        self.sample = b""
        self._pending = bytearray()
        self._overflow = False

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes from the link and give the frames that they complete."""
        frames: list[Frame] = []
        *complete, rest = data.split(b"\0")
        for piece in complete:
            self._keep(piece)
            self._finish(frames)
        self._keep(rest)
        return frames

    @property
    def unfinished_bytes(self) -> int:
        """Bytes after the last delimiter: text without zeros stays here."""
        return len(self._pending)

    def unfinished_sample(self) -> bytes:
        """The first bytes seen that belong to no frame."""
        return self.sample or bytes(self._pending[:_SAMPLE_BYTES])

    def _keep(self, piece: bytes) -> None:
        self._pending += piece
        if len(self._pending) > _WIRE_MAX:
            self._note_stray()
            self._overflow = True

    def _finish(self, frames: list[Frame]) -> None:
        if not self._pending and not self._overflow:
            return
        frame = None if self._overflow else decode_frame(bytes(self._pending))
        if frame is None:
            self.damaged += 1
            self._note_stray()
        else:
            self.good += 1
            frames.append(frame)
        self._pending.clear()
        self._overflow = False

    def _note_stray(self) -> None:
        self.stray_bytes += len(self._pending)
        if not self.sample:
            self.sample = bytes(self._pending[:_SAMPLE_BYTES])
        self._pending.clear()

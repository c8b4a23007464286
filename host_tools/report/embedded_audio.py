# SPDX-License-Identifier: Apache-2.0
"""Clips as audio files inside a page: FLAC while all fit, else Ogg Opus. Same input, same bytes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from host_tools.devices.base import SAMPLE_RATE_HZ

Samples = NDArray[np.int16]

LOSSLESS_LIMIT_BYTES = 6_000_000
"""All clips of a page together; above it they are compressed with loss."""

OPUS_KBPS = 96
_OPUS_LEVEL = (256 - OPUS_KBPS) / (256 - 6)  # libsndfile: 0 is 256 kbit/s, 1 is 6 kbit/s

_OGG_SERIAL = 1
_OGG_POSITION_OF_SERIAL = 14
_OGG_POSITION_OF_CHECKSUM = 22
_OGG_HEADER_BYTES = 27
_REVERSED_BITS = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclass(frozen=True)
class EncodedAudio:
    """Audio files of one format, in the order of the clips, and words on the format."""

    media_type: str
    format_text: str
    files: list[bytes]


def encode_audio(clips: Sequence[Samples], limit_bytes: int = LOSSLESS_LIMIT_BYTES) -> EncodedAudio:
    """Encode int16 [samples] clips, 48 kHz mono, all in one format, which their size decides."""
    files: list[bytes] = []
    total = 0
    for clip in clips:
        files.append(_flac(clip))
        total += len(files[-1])
        if total > limit_bytes:
            text = f"Opus, about {OPUS_KBPS} kbit/s"
            return EncodedAudio("audio/ogg", text, [_opus(each) for each in clips])
    return EncodedAudio("audio/flac", "FLAC, no loss", files)


def _flac(clip: Samples) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, clip, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    return stream.getvalue()


def _opus(clip: Samples) -> bytes:
    stream = io.BytesIO()
    soundfile.write(
        stream,
        clip,
        SAMPLE_RATE_HZ,
        format="OGG",
        subtype="OPUS",
        compression_level=_OPUS_LEVEL,
    )
    return with_fixed_serial(stream.getvalue())


def with_fixed_serial(ogg: bytes) -> bytes:
    """Replace the random stream number that the encoder gives every Ogg page (RFC 3533)."""
    pages = bytearray(ogg)
    start = 0
    while start < len(pages):
        segments = pages[start + _OGG_HEADER_BYTES - 1]
        body = start + _OGG_HEADER_BYTES + segments
        end = body + sum(pages[start + _OGG_HEADER_BYTES : body])
        serial = start + _OGG_POSITION_OF_SERIAL
        checksum = start + _OGG_POSITION_OF_CHECKSUM
        pages[serial : serial + 4] = _OGG_SERIAL.to_bytes(4, "little")
        pages[checksum : checksum + 4] = bytes(4)
        pages[checksum : checksum + 4] = _ogg_checksum(bytes(pages[start:end]))
        start = end
    return bytes(pages)


def _ogg_checksum(page: bytes) -> bytes:
    """CRC-32 without reflection, start and end value 0, as little-endian bytes.

    zlib's CRC of bit-reversed bytes is the bit-reversed CRC; its inversions cancel out.
    """
    reflected = zlib.crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return reflected.to_bytes(4, "little").translate(_REVERSED_BITS)[::-1]

# SPDX-License-Identifier: Apache-2.0
"""A stand-in for a model image, enough for everything that does not run the network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

HEADER_BYTES = 64


def image_bytes(payload: bytes) -> bytes:
    """A header with the right digest, followed by *payload*."""
    header = bytearray(HEADER_BYTES)
    header[:4] = b"PNM1"
    header[16:48] = hashlib.sha256(payload).digest()
    return bytes(header) + payload


@pytest.fixture
def model_path(tmp_path: Path) -> str:
    path = tmp_path / "example.pnm"
    path.write_bytes(image_bytes(bytes(range(256))))
    return str(path)

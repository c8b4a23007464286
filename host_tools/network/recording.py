# SPDX-License-Identifier: Apache-2.0
"""What is known about one recording of speech or noise, or one room response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from host_tools.errors import DataError

SAMPLE_RATE = 48000
FULL_BANDWIDTH_HZ = SAMPLE_RATE / 2.0
SPLITS = ("train", "val", "test")
KINDS = ("speech", "noise", "room")

Split = Literal["train", "val", "test"]


class CacheError(DataError):
    """The data folder or the cache cannot be used; the message says what and what to try."""


@dataclass(frozen=True)
class Row:
    """One line of a manifest: a file below the data folder and what is known before decoding.

    ``category`` is ``speech``, ``room_response`` or the kind of noise; ``bandwidth_hz`` is None
    and ``snr_db`` NaN when unknown.
    """

    path: str
    category: str
    split: str
    source: str = ""
    speaker: str = ""
    license: str = ""
    license_clear: bool = False
    bandwidth_hz: float | None = None
    snr_db: float = float("nan")

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return {"speech": "speech", "room_response": "room"}.get(self.category, "noise")


@dataclass(frozen=True)
class Recording:
    """One recording and where its samples lie.

    ``start`` and ``samples`` count int16 samples of the file ``<kind>-<split>.i16``;
    ``bandwidth_hz`` is the true bandwidth of the recording (24000 when unknown);
    ``snr_db`` is NaN when unknown.
    """

    path: str
    kind: str
    split: str
    category: str
    source: str
    speaker: str
    license: str
    license_clear: bool
    bandwidth_hz: float
    snr_db: float
    start: int
    samples: int

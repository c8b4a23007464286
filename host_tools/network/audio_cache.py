# SPDX-License-Identifier: Apache-2.0
"""Decode a folder of recordings once into memory-mapped 48 kHz int16 files.

The folder holds ``manifest.csv`` with the columns path, category, bandwidth_hz, seconds, snr_db,
t60_s, split, license_clear, source and license. The cache holds one ``<kind>-<split>.i16`` file
for each kind (speech, noise, room) and split (train, val, test), and ``index.json`` with the place
of every recording in them.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile

from host_tools.errors import DataError

SAMPLE_RATE = 48000
FORMAT_VERSION = 1
SPLITS = ("train", "val", "test")
KINDS = ("speech", "noise", "room")

Split = Literal["train", "val", "test"]
Int16Array = npt.NDArray[np.int16]


class CacheError(DataError):
    """The data folder or the cache cannot be used; the message says what and what to try."""


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


def _number(text: str, default: float) -> float:
    try:
        return float(text)
    except ValueError:
        return default


def _kind(category: str) -> str:
    return {"speech": "speech", "room_response": "room"}.get(category, "noise")


def _decode(path: Path, kind: str) -> Int16Array:
    """Read one file as mono 48 kHz int16; room responses are scaled to a peak of 0.99."""
    try:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise CacheError(f"{path}: cannot be decoded ({error}); check the file") from error
    mono = audio.mean(axis=1)
    if rate != SAMPLE_RATE:
        import soxr

        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    if kind == "room":
        mono = mono * (0.99 / max(float(np.abs(mono).max(initial=0.0)), 1e-9))
    return np.clip(np.rint(mono * 32768.0), -32768, 32767).astype(np.int16)


def _read_manifest(data: Path) -> list[dict[str, str]]:
    manifest = data / "manifest.csv"
    try:
        with manifest.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise CacheError(
            f"{manifest}: cannot be read ({error.strerror}); --data must be a folder with a "
            "manifest.csv"
        ) from error
    needed = {"path", "category", "split"}
    if not rows or not needed <= set(rows[0]):
        raise CacheError(f"{manifest}: needs the columns {', '.join(sorted(needed))} and rows")
    return rows


def build_cache(data: Path, cache: Path) -> Iterator[tuple[int, int]]:
    """Decode the recordings of ``data`` into ``cache``; yield (done, total) after each file.

    Raises CacheError for a missing manifest or a file that cannot be decoded. ``index.json`` is
    written last, so an interrupted build is never taken for a finished one.
    """
    rows = _read_manifest(data)
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "index.json").unlink(missing_ok=True)
    streams = {(k, s): (cache / f"{k}-{s}.i16").open("wb") for k in KINDS for s in SPLITS}
    positions = dict.fromkeys(streams, 0)
    recordings: list[Recording] = []
    try:
        for done, row in enumerate(rows, start=1):
            kind = _kind(row["category"])
            place = (kind, row["split"])
            if place not in streams:
                raise CacheError(f"manifest.csv: {row['path']}: unknown split {row['split']!r}")
            samples = _decode(data / row["path"], kind)
            streams[place].write(samples.tobytes())
            recordings.append(
                Recording(
                    path=row["path"],
                    kind=kind,
                    split=row["split"],
                    category=row["category"],
                    source=row.get("source", ""),
                    speaker=row.get("speaker", ""),
                    license=row.get("license", ""),
                    license_clear=row.get("license_clear", "no") == "yes",
                    bandwidth_hz=_number(row.get("bandwidth_hz", ""), 24000.0),
                    snr_db=_number(row.get("snr_db", ""), float("nan")),
                    start=positions[place],
                    samples=len(samples),
                )
            )
            positions[place] += len(samples)
            yield done, len(rows)
    finally:
        for stream in streams.values():
            stream.close()
    index = {"format_version": FORMAT_VERSION, "recordings": [asdict(r) for r in recordings]}
    temporary = cache / "index.json.partial"
    temporary.write_text(json.dumps(index, indent=1), encoding="utf-8")
    os.replace(temporary, cache / "index.json")


class AudioCache:
    """Read access to a built cache. ``clear_licenses_only`` hides recordings of unclear licence."""

    def __init__(self, folder: Path, clear_licenses_only: bool = False) -> None:
        self.folder = folder
        try:
            index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise CacheError(
                f"{folder}: no finished audio cache here; build it with `host_tools train --data`"
            ) from error
        if index.get("format_version") != FORMAT_VERSION:
            raise CacheError(f"{folder}: cache of another version; delete it and build it again")
        recordings = [Recording(**entry) for entry in index["recordings"]]
        self._recordings = [r for r in recordings if r.license_clear or not clear_licenses_only]

    @cached_property
    def _samples(self) -> dict[tuple[str, str], Int16Array]:
        mapped: dict[tuple[str, str], Int16Array] = {}
        for kind in KINDS:
            for split in SPLITS:
                path = self.folder / f"{kind}-{split}.i16"
                if path.exists() and path.stat().st_size:
                    mapped[kind, split] = np.memmap(path, dtype=np.int16, mode="r")
        return mapped

    def recordings(self, kind: str, split: str) -> list[Recording]:
        """Return the recordings of one kind and split, in the order of the manifest."""
        return [r for r in self._recordings if r.kind == kind and r.split == split]

    def samples(self, recording: Recording) -> Int16Array:
        """Return the int16 samples [recording.samples] as a read-only view."""
        stored = self._samples[recording.kind, recording.split]
        return stored[recording.start : recording.start + recording.samples]

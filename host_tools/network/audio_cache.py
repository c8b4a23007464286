# SPDX-License-Identifier: Apache-2.0
"""Decoded recordings: memory-mapped 48 kHz int16 files.

A cache holds one ``<kind>-<split>.i16`` file for each kind (speech, noise, room) and split (train,
val, test), and ``index.json`` with the place of every recording in them.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from host_tools.network.audio_decode import Int16Array
from host_tools.network.cache_builder import (
    FORMAT_VERSION,
    INDEX_NAME,
    Skipped,
    build_cache,
    file_name,
)
from host_tools.network.manifest import NO_CLEAR_LICENSE, Manifest
from host_tools.network.recording import (
    KINDS,
    SAMPLE_RATE,
    SPLITS,
    CacheError,
    Recording,
    Split,
)

__all__ = [
    "INDEX_NAME",
    "KINDS",
    "SAMPLE_RATE",
    "SPLITS",
    "AudioCache",
    "CacheError",
    "Recording",
    "Split",
    "build_cache",
]

NARROW_HZ = 15000.0


class AudioCache:
    """Read access to a built cache. ``clear_licenses_only`` hides recordings of unclear licence.

    ``skipped`` are the files of the data folder that were left out. Raises CacheError when there is
    no finished cache, or no recording of clear licence although only those are wanted.
    """

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
        self.skipped = [Skipped(**entry) for entry in index.get("skipped", [])]
        if recordings and not self._recordings:
            raise CacheError(f"{folder}: {NO_CLEAR_LICENSE}")

    def describe(self) -> list[str]:
        """What a user should know about files left out and speech of narrow bandwidth, in lines."""
        lines = []
        if self.skipped:
            first = self.skipped[0]
            lines.append(
                f"left out {len(self.skipped)} of {len(self.skipped) + len(self._recordings)} "
                f"files, the first {first.path}: {first.reason}; all are named in "
                f"{self.folder / INDEX_NAME}"
            )
        speech = [recording for recording in self._recordings if recording.kind == "speech"]
        narrow = [recording for recording in speech if recording.bandwidth_hz < NARROW_HZ]
        if narrow:
            lines.append(
                f"{len(narrow)} of {len(speech)} speech files ({_hours(narrow):.2f} of "
                f"{_hours(speech):.2f} h) end below {NARROW_HZ / 1000:g} kHz: nothing can be "
                "learnt from them above their end"
            )
        return lines

    def check_holds(self, manifest: Manifest) -> None:
        """Raise CacheError when the data folder has other files now than were decoded."""
        here = {r.path for r in self._recordings} | {s.path for s in self.skipped}
        there = {row.path for row in manifest.rows}
        if here != there:
            raise CacheError(
                f"{manifest.folder}: {len(there - here)} files are new and {len(here - there)} are "
                f"gone since {self.folder} was made; delete that folder to decode again, name "
                "another with --cache, or leave out --data to use it as it is"
            )

    @cached_property
    def _samples(self) -> dict[tuple[str, str], Int16Array]:
        mapped: dict[tuple[str, str], Int16Array] = {}
        for kind in KINDS:
            for split in SPLITS:
                path = self.folder / file_name((kind, split))
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


def _hours(recordings: list[Recording]) -> float:
    return sum(recording.samples for recording in recordings) / SAMPLE_RATE / 3600.0

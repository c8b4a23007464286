# SPDX-License-Identifier: Apache-2.0
"""Decode a folder of recordings into a cache; a stopped build goes on where it was.

While a cache is made, ``unfinished.jsonl`` in it holds a digest of the manifest and then one line
for every file that is done; ``index.json`` takes its place at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from host_tools.network.audio_decode import Int16Array, check_usable, decode_file
from host_tools.network.bandwidth import measure_bandwidth_hz
from host_tools.network.manifest import Manifest, read_manifest
from host_tools.network.recording import (
    FULL_BANDWIDTH_HZ,
    KINDS,
    SPLITS,
    CacheError,
    Recording,
    Row,
)

FORMAT_VERSION = 1
INDEX_NAME = "index.json"
JOURNAL_NAME = "unfinished.jsonl"

Place = tuple[str, str]
"""Kind and split."""


@dataclass(frozen=True)
class Skipped:
    """A file that was left out and why."""

    path: str
    reason: str


Entry = Recording | Skipped


def build_cache(data: Path | Manifest, cache: Path) -> Iterator[tuple[int, int]]:
    """Decode the recordings of a folder into ``cache``; yield (done, total) after each file.

    Raises CacheError for a folder that gives no speech and noise, a file of a manifest that cannot
    be decoded, and a full disk. Without a manifest unusable files are left out and noted in the
    index, unless no speech or no noise of a split remains. ``index.json`` is written last, so an
    interrupted build is never taken for a finished one; the next call goes on where it stopped.
    """
    manifest = data if isinstance(data, Manifest) else read_manifest(data)
    total = len(manifest.rows)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        (cache / INDEX_NAME).unlink(missing_ok=True)
        with _Builder(manifest, cache) as builder:
            if builder.done:
                yield builder.done, total
            for row in manifest.rows[builder.done :]:
                builder.add(row)
                yield builder.done, total
        builder.finish()
    except OSError as error:
        raise CacheError(
            f"{cache}: cannot be written ({error.strerror}); an hour of recordings takes 350 MB; "
            "make room or give another folder with --cache"
        ) from error


class _Builder:
    """An unfinished cache: the open files of samples and the journal."""

    def __init__(self, manifest: Manifest, cache: Path) -> None:
        self._manifest = manifest
        self._cache = cache
        self._entries = _read_journal(cache, _digest(manifest))
        self._ends = _ends(self._entries)
        self._files = ExitStack()

    def __enter__(self) -> _Builder:
        self._streams = {place: self._open(place) for place in self._ends}
        path = self._cache / JOURNAL_NAME
        self._journal = self._files.enter_context(path.open("w", encoding="utf-8"))
        for entry in (_digest(self._manifest), *map(asdict, self._entries)):
            self._note(entry)
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    @property
    def done(self) -> int:
        """How many rows of the manifest are decoded or skipped."""
        return len(self._entries)

    def add(self, row: Row) -> None:
        """Decode a file and store its samples, or note why it is left out."""
        try:
            entry: Entry = self._store(row)
        except CacheError as error:
            if not self._manifest.scanned:
                raise
            reason = str(error).removeprefix(f"{self._manifest.folder / row.path}: ")
            entry = Skipped(row.path, reason)
        self._entries.append(entry)
        self._note(asdict(entry))

    def finish(self) -> None:
        """Write the index. Raises CacheError when too little of a scanned folder is usable."""
        recordings = [e for e in self._entries if isinstance(e, Recording)]
        skipped = [e for e in self._entries if isinstance(e, Skipped)]
        journal = self._cache / JOURNAL_NAME
        if self._manifest.scanned:
            present = {(recording.kind, recording.split) for recording in recordings}
            for kind in ("speech", "noise"):
                missing = [split for split in SPLITS if (kind, split) not in present]
                if missing:
                    journal.unlink()  # files may be mended before the next try
                    raise CacheError(_too_little(self._manifest, kind, missing, skipped))
        index = {
            "format_version": FORMAT_VERSION,
            "skipped": [asdict(s) for s in skipped],
            "recordings": [asdict(r) for r in recordings],
        }
        temporary = self._cache / f"{INDEX_NAME}.partial"
        temporary.write_text(json.dumps(index, indent=1), encoding="utf-8")
        os.replace(temporary, self._cache / INDEX_NAME)
        journal.unlink()

    def _store(self, row: Row) -> Recording:
        path = self._manifest.folder / row.path
        samples, half_rate_hz = decode_file(path, row.kind)
        if self._manifest.scanned and (reason := check_usable(samples, row.kind)):
            raise CacheError(f"{path}: {reason}")
        place = (row.kind, row.split)
        self._streams[place].write(samples.tobytes())
        self._streams[place].flush()
        start = self._ends[place]
        self._ends[place] += len(samples)
        return Recording(
            path=row.path,
            kind=row.kind,
            split=row.split,
            category=row.category,
            source=row.source,
            speaker=row.speaker,
            license=row.license,
            license_clear=row.license_clear,
            bandwidth_hz=_bandwidth_hz(row, samples, half_rate_hz),
            snr_db=row.snr_db,
            start=start,
            samples=len(samples),
        )

    def _open(self, place: Place) -> BinaryIO:
        """Open a file of samples behind what the journal knows."""
        path = self._cache / file_name(place)
        stream = self._files.enter_context(path.open("r+b" if self._ends[place] else "wb"))
        stream.truncate(2 * self._ends[place])
        stream.seek(0, os.SEEK_END)
        return stream

    def _note(self, entry: object) -> None:
        self._journal.write(json.dumps(entry) + "\n")
        self._journal.flush()


def _bandwidth_hz(row: Row, samples: Int16Array, half_rate_hz: float) -> float:
    """What the manifest says; else measured for speech, the only kind whose bandwidth is used."""
    if row.bandwidth_hz is not None:
        return row.bandwidth_hz
    if row.kind != "speech":
        return FULL_BANDWIDTH_HZ
    return min(half_rate_hz, measure_bandwidth_hz(samples))


def _digest(manifest: Manifest) -> str:
    return hashlib.sha256(repr(manifest).encode("utf-8", "surrogateescape")).hexdigest()


def _read_journal(cache: Path, digest: str) -> list[Entry]:
    """Return what a stopped build of the same manifest has done; a torn last line is left out."""
    try:
        lines = (cache / JOURNAL_NAME).read_text(encoding="utf-8").splitlines(keepends=True)
        if not lines or json.loads(lines[0]) != digest:
            return []
        noted = [json.loads(line) for line in lines[1:] if line.endswith("\n")]
        entries = [Skipped(**e) if "reason" in e else Recording(**e) for e in noted]
        whole = all(
            end == 0 or (cache / file_name(place)).stat().st_size >= 2 * end
            for place, end in _ends(entries).items()
        )
    except (OSError, ValueError, TypeError):
        return []
    return entries if whole else []


def _ends(entries: list[Entry]) -> dict[Place, int]:
    """Return how many samples each file holds."""
    ends = dict.fromkeys(((kind, split) for kind in KINDS for split in SPLITS), 0)
    for entry in entries:
        if isinstance(entry, Recording):
            ends[entry.kind, entry.split] = entry.start + entry.samples
    return ends


def file_name(place: Place) -> str:
    """Return the name of the file of int16 samples of one kind and split."""
    return f"{place[0]}-{place[1]}.i16"


def _too_little(manifest: Manifest, kind: str, missing: list[str], skipped: list[Skipped]) -> str:
    rows = {row.path: row for row in manifest.rows if row.kind == kind}
    left_out = [s for s in skipped if s.path in rows]
    splits = "" if len(missing) == len(SPLITS) else f" for {' and '.join(missing)}"
    first = f", the first {left_out[0].path}: {left_out[0].reason}" if left_out else ""
    return (
        f"{manifest.folder}: no {kind}{splits}: {len(left_out)} of {len(rows)} {kind} files cannot "
        f"be used{first}"
    )

# SPDX-License-Identifier: Apache-2.0
"""What a data folder holds: from its ``manifest.csv``, or from its folders when it has none.

Without a manifest the folder holds ``speech/``, ``noise/`` and, if there are any, ``rooms/``. Names
of folders and files tell speakers and kinds of noise; about a tenth of the speakers, recordings and
rooms goes to each of validation and test.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from host_tools.network.folder_names import noise_kinds_of, recording_of, speakers_of
from host_tools.network.folder_scan import find_audio
from host_tools.network.recording import KINDS, SPLITS, CacheError, Row
from host_tools.network.splits import split_groups

MANIFEST_NAME = "manifest.csv"
FOLDERS = {"speech": "speech", "noise": "noise", "room": "rooms"}
MIN_GROUPS = len(SPLITS)
HELP = "docs/own-data.md tells how to lay out a folder"
NO_CLEAR_LICENSE = (
    "--clear-licenses-only leaves nothing, no recording has license_clear=yes; leave it out, or "
    f"state licences in {MANIFEST_NAME}"
)

Paths = list[PurePosixPath]


@dataclass(frozen=True)
class Manifest:
    """The rows of a data folder; ``scanned`` when there was no manifest.csv to read them from."""

    folder: Path
    rows: list[Row]
    scanned: bool

    def check_licenses(self) -> None:
        """Raise CacheError when no recording is of clear licence."""
        if not any(row.license_clear for row in self.rows):
            raise CacheError(f"{self.folder}: {NO_CLEAR_LICENSE}")

    def summary(self) -> str:
        """One line on what was found, for people."""
        speech, noise, rooms = ([r for r in self.rows if r.kind == kind] for kind in KINDS)
        speakers = {row.speaker: row.split for row in speech}
        kinds = {row.category for row in noise}
        return (
            f"{self.folder}: {len(speech)} speech files of {len(speakers)} speakers "
            f"({_by_split(speakers.values())}), {len(noise)} noise files of {len(kinds)} "
            f"{'kind' if len(kinds) == 1 else 'kinds'} ({_by_split(r.split for r in noise)}), "
            f"{len(rooms)} room responses"
        )


def read_manifest(folder: Path) -> Manifest:
    """Read ``manifest.csv`` of a data folder or, without one, look at its folders.

    Raises CacheError when neither gives speech and noise.
    """
    if (folder / MANIFEST_NAME).exists():
        return Manifest(folder, _read_rows(folder / MANIFEST_NAME), scanned=False)
    return Manifest(folder, _scan(folder), scanned=True)


def _by_split(splits: Iterable[str]) -> str:
    counts = Counter(splits)
    return ", ".join(f"{counts[split]} {split}" for split in SPLITS)


def _read_rows(path: Path) -> list[Row]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            table = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise CacheError(f"{path}: cannot be read ({reason}); save it as UTF-8 CSV") from error
    needed = {"path", "category", "split"}
    if not table or not needed <= set(table[0]):
        raise CacheError(f"{path}: needs the columns {', '.join(sorted(needed))} and rows")
    return [_row(path, {k: v or "" for k, v in line.items() if k}) for line in table]


def _row(manifest: Path, line: dict[str, str]) -> Row:
    if line["split"] not in SPLITS:
        raise CacheError(f"{manifest}: {line['path']}: unknown split {line['split']!r}")
    snr_db = _number(line.get("snr_db", ""))
    return Row(
        path=line["path"],
        category=line["category"],
        split=line["split"],
        source=line.get("source", ""),
        speaker=line.get("speaker", ""),
        license=line.get("license", ""),
        license_clear=line.get("license_clear", "") == "yes",
        bandwidth_hz=_number(line.get("bandwidth_hz", "")),
        snr_db=float("nan") if snr_db is None else snr_db,
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _scan(folder: Path) -> list[Row]:
    """Make the rows of a folder without manifest."""
    speech, noise, rooms = (_find(folder, kind) for kind in KINDS)
    source = folder.resolve().name
    return [
        *_speech_rows(folder, source, speech),
        *_noise_rows(folder, source, noise),
        *_room_rows(source, rooms),
    ]


def _speech_rows(folder: Path, source: str, paths: Paths) -> Iterator[Row]:
    speakers = speakers_of(paths)
    voices = [PurePosixPath(speaker).name for speaker in speakers]  # the same in whatever folder
    splits = split_groups({"speech": voices})
    _require(folder / FOLDERS["speech"], len(splits), "speakers", "one folder for each speaker")
    for path, speaker, voice in zip(paths, speakers, voices, strict=True):
        yield Row(f"{FOLDERS['speech']}/{path}", "speech", splits[voice], source, speaker)


def _noise_rows(folder: Path, source: str, paths: Paths) -> Iterator[Row]:
    kinds = noise_kinds_of(paths)
    recordings: dict[str, list[str]] = defaultdict(list)
    for path, kind in zip(paths, kinds, strict=True):
        recordings[kind].append(recording_of(path))
    splits = split_groups(recordings)
    _require(folder / FOLDERS["noise"], len(splits), "recordings", "cut a long one into pieces")
    for path, kind in zip(paths, kinds, strict=True):
        yield Row(f"{FOLDERS['noise']}/{path}", kind, splits[recording_of(path)], source)


def _room_rows(source: str, paths: Paths) -> Iterator[Row]:
    """A room is the folder that its responses lie in; a response that lies flat is a room."""
    rooms = [str(path.parent if len(path.parts) > 1 else path) for path in paths]
    splits = split_groups({"rooms": rooms})
    for path, room in zip(paths, rooms, strict=True):
        yield Row(f"{FOLDERS['room']}/{path}", "room_response", splits[room], source)


def _find(folder: Path, kind: str) -> Paths:
    """Audio files of one kind; only room responses may be missing."""
    place = folder / FOLDERS[kind]
    try:
        found = find_audio(place)
    except OSError as error:
        if kind == "room" and not place.exists():
            return []
        if not place.exists():
            raise CacheError(_missing(folder, place)) from error
        raise CacheError(f"{place}: cannot be read ({error.strerror}); {HELP}") from error
    if not found.audio and kind != "room":
        others = f" ({found.describe_others()})" if found.others else ""
        raise CacheError(f"{place}: holds no audio files{others}; put WAV or FLAC files there")
    return found.audio


def _missing(folder: Path, place: Path) -> str:
    if not folder.is_dir():
        return f"{folder}: no such folder; --data is a folder of recordings, {HELP}"
    folders = sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name[0] != ".")
    there = ", ".join(folders[:6]) + (" ..." if len(folders) > 6 else "") if folders else "none"
    if place.name == "noise" or (folder / "noise").is_dir():
        return (
            f"{folder}: has no folder {place.name}/ (folders: {there}); training needs speech and "
            f"noise, {HELP}"
        )
    return (
        f"{folder}: has neither {MANIFEST_NAME} nor the folders speech/ and noise/ (folders: "
        f"{there}); {HELP}"
    )


def _require(place: Path, count: int, what: str, advice: str) -> None:
    if count < MIN_GROUPS:
        raise CacheError(
            f"{place}: {count} {what}; {MIN_GROUPS} are needed, for training, validation and test "
            f"one each at least: {advice}"
        )

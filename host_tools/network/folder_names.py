# SPDX-License-Identifier: Apache-2.0
"""Who speaks, and which kind of noise is heard, told from the names of folders and files.

Paths are relative to the folder of speech or of noise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

LARGEST_SHARE = 0.8
"""A first part of the names that more files than these share tells no speakers apart."""

_READER = re.compile(r"reader[_-]?(\d+)")
_NUMBERED_PIECE = re.compile(r"(.*\d{4,})[_-]\d+$")
_CHANNEL = re.compile(r"ch(annel)?[_-]?\d+", re.IGNORECASE)


def speakers_of(paths: Sequence[PurePosixPath]) -> list[str]:
    """Return the speaker of every file.

    In this order: the number behind ``reader`` in the file's name (DNS-Challenge); the folder whose
    name the file's name begins with (p225/p225_001.flac, 19/198/19-198-0001.flac); the first
    folder, not counting folders that hold all files; what precedes the first _ or - in names of
    files that lie flat, where that makes three groups or more; the file itself.
    """
    common = _common_folders(paths)
    flat = _prefixes([path.stem for path in paths if len(path.parts) == common + 1])
    return [_speaker(path, common, flat) for path in paths]


def noise_kinds_of(paths: Sequence[PurePosixPath]) -> list[str]:
    """Return the kind of noise of every file: the first folder that does not hold all files.

    Without such a folder it is the last one that holds all files, or ``noise``. A folder of noise
    called speech is no speech.
    """
    common = _common_folders(paths)
    last_common = paths[0].parts[common - 1] if common else "noise"
    kinds = [p.parts[common] if len(p.parts) > common + 1 else last_common for p in paths]
    return [f"{kind} noise" if kind in ("speech", "room_response") else kind for kind in kinds]


def recording_of(path: PurePosixPath) -> str:
    """Return the recording that a file of noise belongs to, as a path without suffix.

    Pieces of one recording (door_365013_1.wav, door_365013_2.wav: a number of four digits or more
    is that of the recording) and channels (KITCHEN/ch01.wav) belong together; else it is the file.
    """
    if _CHANNEL.fullmatch(path.stem) and len(path.parts) > 1:
        return str(path.parent)
    piece = _NUMBERED_PIECE.match(path.stem)
    return str(path.with_name(piece.group(1) if piece else path.stem))


def _speaker(path: PurePosixPath, common: int, flat: dict[str, str]) -> str:
    reader = _READER.search(path.stem)
    if reader:
        return f"reader_{reader.group(1)}"
    folders = path.parts[:-1]
    for depth, folder in enumerate(folders):
        if path.stem.startswith((f"{folder}_", f"{folder}-")):
            return "/".join(folders[: depth + 1])
    if len(folders) > common:
        return "/".join(folders[: common + 1])
    return flat[path.stem]


def _common_folders(paths: Sequence[PurePosixPath]) -> int:
    """How many folders every path begins with."""
    first, last = min(paths).parts[:-1], max(paths).parts[:-1]
    count = 0
    while count < min(len(first), len(last)) and first[count] == last[count]:
        count += 1
    return count


def _prefixes(stems: Sequence[str]) -> dict[str, str]:
    prefixes = {stem: re.split("[_-]", stem, maxsplit=1)[0] or stem for stem in stems}
    counts = Counter(prefixes.values())
    if len(counts) < 3 or max(counts.values()) > LARGEST_SHARE * len(stems):
        return {stem: stem for stem in stems}
    return prefixes

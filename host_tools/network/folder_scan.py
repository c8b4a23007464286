# SPDX-License-Identifier: Apache-2.0
"""Audio files below a folder, at any depth, behind links too."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

AUDIO_SUFFIXES = frozenset(
    {
        ".wav", ".wave", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".aif",
        ".aiff", ".aifc", ".au", ".snd", ".caf", ".sph", ".nist", ".voc", ".paf", ".svx", ".avr",
        ".pvf", ".ircam",
    }
)  # fmt: skip
"""Names of formats that libsndfile reads and that say by themselves how they are stored."""


@dataclass(frozen=True)
class FoundFiles:
    """Audio files in order of their names, relative to the folder, and what else lies there."""

    audio: list[PurePosixPath]
    others: Counter[str]

    def describe_others(self) -> str:
        """What else was found, the most frequent first: ``12 .m4a, 1 .txt``."""
        return ", ".join(f"{count} {suffix}" for suffix, count in self.others.most_common(4))


def find_audio(folder: Path) -> FoundFiles:
    """Search ``folder``; hidden names are left out.

    A folder that is reached twice, through a link or a loop of links, is read once, so that no
    recording counts twice. Raises OSError when ``folder`` itself cannot be read.
    """
    audio: list[PurePosixPath] = []
    others: Counter[str] = Counter()
    seen: set[tuple[int, int]] = set()
    os.listdir(folder)  # os.walk is silent about a folder that it may not read
    for place, folders, names in os.walk(folder, followlinks=True):
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        relative = PurePosixPath(Path(place).relative_to(folder).as_posix())
        for name in sorted(names):
            suffix = Path(name).suffix.lower()
            if name.startswith("."):
                continue
            if suffix in AUDIO_SUFFIXES:
                audio.append(relative / name)
            else:
                others[suffix or "without suffix"] += 1
    return FoundFiles(audio, others)

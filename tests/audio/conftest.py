# SPDX-License-Identifier: Apache-2.0
"""Files that no command should trip over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

Spoil = Callable[[Path], None]


def _truncated(path: Path) -> None:
    soundfile.write(path, np.zeros(48_000), 48_000)
    path.write_bytes(path.read_bytes()[:5000])


def _cut_in_header(path: Path) -> None:
    soundfile.write(path, np.zeros(480), 48_000)
    path.write_bytes(path.read_bytes()[:30])


def _without_audio(path: Path) -> None:
    soundfile.write(path, np.zeros(0), 48_000)


def _nan(path: Path) -> None:
    samples = np.zeros((100, 2), np.float32)
    samples[7, 1] = np.nan
    soundfile.write(path, samples, 48_000, subtype="FLOAT")


def _infinite(path: Path) -> None:
    samples = np.zeros(100, np.float32)
    samples[99] = np.inf
    soundfile.write(path, samples, 48_000, subtype="FLOAT")


BAD_FILES: dict[str, tuple[Spoil, str]] = {
    "missing": (lambda path: None, "o such file"),
    "folder": (lambda path: path.mkdir(), "folder|directory|WAV"),
    "empty": (lambda path: path.write_bytes(b"") and None, "empty file"),
    "text": (lambda path: path.write_text("hello world, this is no audio\n" * 9) and None, "WAV"),
    "zeros": (lambda path: path.write_bytes(bytes(5000)) and None, "WAV"),
    "riff-only": (lambda path: path.write_bytes(b"RIFF") and None, "truncated"),
    "truncated": (_truncated, "truncated"),
    "cut-in-header": (_cut_in_header, "truncated"),
    "without-audio": (_without_audio, "no audio"),
    "nan": (_nan, "nan|NaN"),
    "infinite": (_infinite, "inf"),
}


@pytest.fixture(params=BAD_FILES)
def bad_file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """One file that cannot be used, and a pattern of what is to be said about it."""
    spoil, pattern = BAD_FILES[request.param]
    path = tmp_path / "in.wav"
    spoil(path)
    return path, pattern

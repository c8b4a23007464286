# SPDX-License-Identifier: Apache-2.0
"""A run folder back from disk: what its report is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from host_tools.devices.base import SAMPLE_RATE_HZ, Samples, pcm_digest
from host_tools.errors import DataError
from host_tools.measure.result import MeasureResult
from host_tools.power.csv_file import read_trace
from host_tools.power.recording import Recording
from host_tools.report.frame_table import FrameTable, read_frames
from host_tools.report.result_reader import read_result

ENHANCED_NAME = "enhanced.wav"
NOISY_NAME = "noisy.wav"
FRAMES_NAME = "frames.csv"
POWER_NAME = "power.csv"


@dataclass(frozen=True)
class KeptRun:
    """A run folder: ``result`` holds its audio and recording; ``frames`` by pace in ms.

    Folders of version 1 have no noisy audio (empty) and no frames.
    """

    result: MeasureResult
    frames: FrameTable


def read_run(folder: Path) -> KeptRun:
    """Read a whole run folder.

    Raises DataError with the file: missing, cut off, changed or of a newer version.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: is no folder; give the one that a measurement left")
    result = read_result(folder)
    enhanced = _read_wav(folder / ENHANCED_NAME)
    if pcm_digest(enhanced) != result.output_digest:
        raise DataError(
            f"{folder / ENHANCED_NAME}: its samples have another digest than result.json says; "
            "the file is cut off or changed, copy it again"
        )
    result = replace(result, enhanced=enhanced)
    if result.schema_version == 1:
        return KeptRun(result, {})
    noisy = _read_wav(folder / NOISY_NAME)
    if len(noisy) != len(enhanced):
        raise DataError(
            f"{folder / NOISY_NAME}: {len(noisy)} samples, {ENHANCED_NAME} has {len(enhanced)}; "
            "the file is cut off or changed, copy it again"
        )
    recording = _read_power(folder, result)
    return KeptRun(replace(result, noisy=noisy, recording=recording), _read_frames(folder, result))


def _read_frames(folder: Path, result: MeasureResult) -> FrameTable:
    """Frame times of each cadence; as many as its histogram counts."""
    if not result.pacing:
        return {}
    path = folder / FRAMES_NAME
    _check_there(path)
    frames = read_frames(path)
    for entry in result.pacing:
        found = sum(len(run.time_us) for run in frames.get(entry.pace_ms, ()))
        wanted = sum(entry.histogram.counts)
        if found != wanted:
            raise DataError(
                f"{path}: {found} frames at pace {entry.pace_ms} ms, result.json counts {wanted}; "
                "the file is cut off or changed, copy it again"
            )
    return frames


def _read_power(folder: Path, result: MeasureResult) -> Recording | None:
    if result.power is None or result.power.samples == 0:
        return None
    path = folder / POWER_NAME
    _check_there(path)
    return read_trace(path)


def _read_wav(path: Path) -> Samples:
    """Samples of a 16-bit mono WAV at 48 kHz."""
    _check_there(path)
    try:
        with soundfile.SoundFile(path) as file:
            kind = (file.channels, file.samplerate, file.subtype)
            samples: Samples = file.read(dtype="int16")
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise DataError(f"{path}: is no readable WAV ({error}); copy it again") from error
    if kind != (1, SAMPLE_RATE_HZ, "PCM_16"):
        raise DataError(f"{path}: is not 16-bit mono at {SAMPLE_RATE_HZ} Hz; copy it again")
    return np.ascontiguousarray(samples)


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"{path}: is missing; copy the whole folder again")

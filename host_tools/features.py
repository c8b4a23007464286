# SPDX-License-Identifier: Apache-2.0
"""Network features and training material from audio, computed by the C front end.

The signal path exists once, in C; this binding runs it over whole recordings, so features in
training and features on a device cannot differ.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError, MissingDependency

HOP_SAMPLES = 480
FEATURES = 70
BANDS = 34
LIBRARY_VARIABLE = "PERCEPNET_LAB_LIBRARY"

Int16Array = npt.NDArray[np.int16]


@dataclass(frozen=True)
class TrainingFrames:
    """Rows in arrival order: features at hop t, everything else of frame t - 2.

    The first two rows have no frame behind them. All band data use the noisy signal's period.
    """

    features: Int16Array
    """[frames, 70]: log2(1 + E) Q9, coherence Q15, period in samples, correlation Q15."""
    energy_noisy_log2_q9: Int16Array
    """[frames, 34] of the noisy signal, log2(1 + E) in Q9."""
    energy_target_log2_q9: Int16Array
    """[frames, 34] of the target signal, log2(1 + E) in Q9."""
    coherence_target_q15: Int16Array
    """[frames, 34] cosine of target and comb-filtered target, Q15."""
    coherence_noisy_q15: Int16Array
    """[frames, 34] cosine of noisy signal and comb-filtered target, Q15."""
    future_taps: npt.NDArray[np.uint8]
    """[frames] periods of the future that the comb filter used, 1..5."""


def lab_library_path() -> Path:
    """Where the host library with the internal entry points is expected."""
    configured = os.environ.get(LIBRARY_VARIABLE)
    if configured:
        return Path(configured)
    root = Path(__file__).resolve().parent.parent
    return root / "build" / "host" / "firmware" / "libpercepnet_lab.so"


@cache
def lab_library() -> ctypes.CDLL:
    """The loaded host library; MissingDependency when it is not built."""
    path = lab_library_path()
    if not path.is_file():
        raise MissingDependency(
            f"{path}: host library not found; build it with 'make build' "
            f"or set {LIBRARY_VARIABLE} to its path"
        )
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise MissingDependency(f"{path}: cannot be loaded ({error}); rebuild it") from error


def _samples(name: str, samples: Int16Array) -> Int16Array:
    if samples.ndim != 1 or samples.dtype != np.int16:
        raise DataError(f"{name} must be a one-dimensional int16 array of 48 kHz samples")
    return np.ascontiguousarray(samples)


def _pointer(array: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def extract(noisy: Int16Array) -> Int16Array:
    """Features [len(noisy) // 480, 70] of 48 kHz mono audio, in arrival order."""
    noisy = _samples("noisy", noisy)
    frames = len(noisy) // HOP_SAMPLES
    features = np.zeros((frames, FEATURES), np.int16)
    if lab_library().pn_lab_features(_pointer(noisy), ctypes.c_int64(frames), _pointer(features)):
        raise MemoryError("no memory for the front end")
    return features


def extract_training(noisy: Int16Array, target: Int16Array) -> TrainingFrames:
    """Features of noisy and the band data that training targets are made of.

    noisy and target: 48 kHz mono int16 of equal length; target is what the output should be.
    """
    noisy, target = _samples("noisy", noisy), _samples("target", target)
    if len(noisy) != len(target):
        raise DataError(f"noisy has {len(noisy)} samples but target has {len(target)}")
    frames = len(noisy) // HOP_SAMPLES
    result = TrainingFrames(
        features=np.zeros((frames, FEATURES), np.int16),
        energy_noisy_log2_q9=np.zeros((frames, BANDS), np.int16),
        energy_target_log2_q9=np.zeros((frames, BANDS), np.int16),
        coherence_target_q15=np.zeros((frames, BANDS), np.int16),
        coherence_noisy_q15=np.zeros((frames, BANDS), np.int16),
        future_taps=np.zeros(frames, np.uint8),
    )
    status = lab_library().pn_lab_training_frames(
        _pointer(noisy),
        _pointer(target),
        ctypes.c_int64(frames),
        _pointer(result.features),
        _pointer(result.energy_noisy_log2_q9),
        _pointer(result.energy_target_log2_q9),
        _pointer(result.coherence_target_q15),
        _pointer(result.coherence_noisy_q15),
        _pointer(result.future_taps),
    )
    if status:
        raise MemoryError("no memory for the front end")
    return result


def enhance(noisy: Int16Array, gain_q15: Int16Array, strength_q15: Int16Array) -> Int16Array:
    """The signal path with the network's answers given: gains and strengths [frames, 34], Q15.

    Returns the output of the library for these answers, 1440 samples late; rows in arrival order.
    """
    noisy = _samples("noisy", noisy)
    frames = len(noisy) // HOP_SAMPLES
    given = []
    for name, answer in (("gain_q15", gain_q15), ("strength_q15", strength_q15)):
        if answer.shape != (frames, BANDS):
            raise DataError(f"{name} must have shape [{frames}, {BANDS}], got {answer.shape}")
        given.append(np.ascontiguousarray(answer, np.uint16))
    out = np.zeros(frames * HOP_SAMPLES, np.int16)
    unrounded = np.zeros(frames * HOP_SAMPLES, np.int32)
    features = np.zeros((frames, FEATURES), np.int16)
    status = lab_library().pn_lab_enhance(
        _pointer(noisy),
        ctypes.c_int64(frames),
        None,
        _pointer(given[0]),
        _pointer(given[1]),
        ctypes.c_int32(0),
        _pointer(out),
        _pointer(unrounded),
        _pointer(features),
    )
    if status:
        raise MemoryError("no memory for the front end")
    return out

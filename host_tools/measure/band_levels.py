# SPDX-License-Identifier: Apache-2.0
"""Levels of the 34 bands of a signal, in floating point and apart from the library."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_tools.measure.situation import Samples
from host_tools.network.targets import BAND_CENTRES_BINS, BIN_HZ

FRAME = 960
HOP = 480
ACTIVE_BELOW_PEAK_DB = 35.0

Levels = npt.NDArray[np.float64]

CENTRES_HZ = BAND_CENTRES_BINS * BIN_HZ


def _triangles() -> Levels:
    """Weights [34, 481] of overlapping triangles; the last one ends at its centre."""
    weights = np.zeros((len(BAND_CENTRES_BINS), FRAME // 2 + 1))
    bins = np.arange(FRAME // 2 + 1)
    for band in range(len(BAND_CENTRES_BINS)):
        shape = np.zeros(len(BAND_CENTRES_BINS))
        shape[band] = 1.0
        weights[band] = np.interp(bins, BAND_CENTRES_BINS, shape, left=0.0, right=0.0)
    return weights


def band_energies(audio: Samples) -> Levels:
    """Energy [frames, 34] of int16 audio by Hann windows of 20 ms every 10 ms."""
    frames = max(0, (len(audio) - FRAME) // HOP + 1)
    window = np.hanning(FRAME)
    starts = np.arange(frames)[:, None] * HOP + np.arange(FRAME)
    spectra = np.fft.rfft(audio.astype(np.float64)[starts] * window)
    energies: Levels = np.square(np.abs(spectra)) @ _triangles().T
    return energies


def active_frames(energies: Levels) -> npt.NDArray[np.bool_]:
    """Frames [frames] within 35 dB of the loud ones (95th percentile)."""
    if not len(energies):
        return np.zeros(0, bool)
    level = 10.0 * np.log10(energies.sum(axis=1) + 1e-3)
    return np.asarray(level > np.percentile(level, 95.0) - ACTIVE_BELOW_PEAK_DB)


def band_changes_db(before: list[Samples], after: list[Samples]) -> Levels:
    """Change of each band's mean energy [34] in dB over the active frames of all clips."""
    total_before = total_after = np.full(len(BAND_CENTRES_BINS), 1e-3)
    for clean, other in zip(before, after, strict=True):
        energies = band_energies(clean)
        active = active_frames(energies)
        total_before = total_before + energies[active].sum(axis=0)
        total_after = total_after + band_energies(other)[active].sum(axis=0)
    changes: Levels = 10.0 * np.log10(total_after / total_before)
    return changes

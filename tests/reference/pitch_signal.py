# SPDX-License-Identifier: Apache-2.0
"""The 12 kHz signal in which the coarse pitch search looks for periods."""

from __future__ import annotations

import numpy as np

from tests.reference.constants import SAMPLE_RATE, FloatArray

DECIMATION = 4
CUT_OFF_HZ = 3_000.0
FIR_TAPS = 32
DC_BLOCKER_POLE = 7 / 8


def decimation_filter() -> FloatArray:
    """32-tap Hamming-windowed sinc, cut-off 3 kHz, unit gain at 0 Hz, symmetric."""
    offset = np.arange(FIR_TAPS) - (FIR_TAPS - 1) / 2
    taps = np.sinc(2 * CUT_OFF_HZ / SAMPLE_RATE * offset) * np.hamming(FIR_TAPS)
    normalised: FloatArray = taps / taps.sum()
    return normalised


def decimate(signal: FloatArray) -> FloatArray:
    """12 kHz signal: sample ``i`` is the filter over the 32 samples that end with ``4 i + 3``."""
    filtered = np.convolve(signal, decimation_filter())[: signal.size]
    return filtered[DECIMATION - 1 :: DECIMATION]


def remove_dc(signal: FloatArray) -> FloatArray:
    """v(n) = d(n) - d(n-1) + 7/8 v(n-1): takes away offset, hum and rumble (corner 250 Hz)."""
    steps = np.diff(signal, prepend=0.0)
    result = np.empty_like(steps)
    state = 0.0
    for n, step in enumerate(steps):
        state = step + DC_BLOCKER_POLE * state
        result[n] = state
    return result


def pitch_signal(signal: FloatArray) -> FloatArray:
    """Low-passed, decimated by 4 and high-passed copy of a 48 kHz signal."""
    return remove_dc(decimate(signal))

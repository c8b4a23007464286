# SPDX-License-Identifier: Apache-2.0
"""Comb filter: Hann-weighted sum of the signal at 11 multiples of the pitch period.

Source: PercepNet (5 periods a side). Future taps beyond the look-ahead are dropped and the others
scaled so that they sum to 1.
"""

from __future__ import annotations

import numpy as np

from tests.reference.constants import (
    HOP,
    LOOK_AHEAD_FRAMES,
    WINDOW,
    ComplexArray,
    FloatArray,
    IntArray,
)
from tests.reference.stft import frame_starts, slice_with_zeros, vorbis_window

PERIODS_A_SIDE = 5
TAP_STEPS = 32768
LOOK_AHEAD_SAMPLES = LOOK_AHEAD_FRAMES * HOP


def future_taps(period: int) -> int:
    """How many of the 5 future taps the look-ahead of 960 samples reaches (1..5)."""
    return min(PERIODS_A_SIDE, LOOK_AHEAD_SAMPLES // period)


def ideal_taps(future: int) -> FloatArray:
    """Weights (11,) of the signal ``k`` periods later, k = -5..5, in full precision; sum 1."""
    offset = np.arange(-PERIODS_A_SIDE, PERIODS_A_SIDE + 1)
    taps = 0.5 + 0.5 * np.cos(np.pi * offset / (PERIODS_A_SIDE + 1))
    taps[offset > future] = 0.0
    normalised: FloatArray = taps / taps.sum()
    return normalised


def comb_taps(future: int) -> FloatArray:
    """The product's weights: rounded to multiples of 2^-15, the centre takes up the rounding."""
    steps = np.round(ideal_taps(future) * TAP_STEPS)
    steps[PERIODS_A_SIDE] += TAP_STEPS - steps.sum()
    taps: FloatArray = steps / TAP_STEPS
    return taps


def comb_frame(signal: FloatArray, start: int, period: int) -> FloatArray:
    """The 960 comb-filtered samples from ``start``."""
    taps = comb_taps(future_taps(period))
    result = np.zeros(WINDOW)
    for tap, k in zip(taps, range(-PERIODS_A_SIDE, PERIODS_A_SIDE + 1), strict=True):
        if tap:
            result += tap * slice_with_zeros(signal, start + k * period, WINDOW)
    return result


def comb_spectra(signal: FloatArray, periods: IntArray) -> ComplexArray:
    """Spectra P (frames, 481) of frame ``t-2`` for every arrival ``t``."""
    starts = frame_starts(periods.size, LOOK_AHEAD_FRAMES)
    frames = [comb_frame(signal, s, int(p)) for s, p in zip(starts, periods, strict=True)]
    return np.fft.rfft(np.stack(frames) * vorbis_window())

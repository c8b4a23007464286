# SPDX-License-Identifier: Apache-2.0
"""Refinement of the coarse lag to one sample at 48 kHz."""

from __future__ import annotations

import numpy as np

from tests.reference.constants import (
    HOP,
    LOOK_AHEAD_FRAMES,
    MAX_PERIOD,
    MIN_PERIOD,
    WINDOW,
    FloatArray,
    IntArray,
)
from tests.reference.stft import slice_with_zeros

SEARCH_RADIUS = 3


def period_correlation(signal: FloatArray, start: int, period: int) -> float:
    """2 <x, x_T> / (<x,x> + <x_T,x_T>) over the 960 samples from ``start``; 0 in silence."""
    frame = slice_with_zeros(signal, start, WINDOW)
    delayed = slice_with_zeros(signal, start - period, WINDOW)
    energy = float(frame @ frame + delayed @ delayed)
    return 2 * float(frame @ delayed) / energy if energy > 0 else 0.0


def candidate_periods(coarse_lag: int) -> range:
    """Periods within 3 samples of four coarse lags, inside 96..768."""
    centre = 4 * coarse_lag
    return range(
        max(MIN_PERIOD, centre - SEARCH_RADIUS), min(MAX_PERIOD, centre + SEARCH_RADIUS) + 1
    )


def refine(signal: FloatArray, lags: IntArray) -> tuple[IntArray, FloatArray]:
    """Period (samples) and its correlation in [0, 1] of frame ``t-2`` for every arrival ``t``."""
    periods = np.zeros(lags.size, dtype=np.int64)
    correlations = np.zeros(lags.size)
    for t, lag in enumerate(lags):
        start = HOP * (t - LOOK_AHEAD_FRAMES - 1)
        candidates = candidate_periods(int(lag))
        values = [period_correlation(signal, start, period) for period in candidates]
        best = int(np.argmax(values))
        periods[t] = candidates[best]
        correlations[t] = min(max(values[best], 0.0), 1.0)
    return periods, correlations

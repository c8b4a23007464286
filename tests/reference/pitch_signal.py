# SPDX-License-Identifier: Apache-2.0
"""The 12 kHz signal in which the coarse pitch search looks for periods."""

from __future__ import annotations

import numpy as np

from tests.reference.constants import SAMPLE_RATE, FloatArray

DECIMATION = 4
CUT_OFF_HZ = 5_000.0
FIR_TAPS = 32
PRE_EMPHASIS = 0.85


def decimation_filter() -> FloatArray:
    """32-tap Hamming-windowed sinc, cut-off 5 kHz, unit gain at 0 Hz, symmetric."""
    offset = np.arange(FIR_TAPS) - (FIR_TAPS - 1) / 2
    taps = np.sinc(2 * CUT_OFF_HZ / SAMPLE_RATE * offset) * np.hamming(FIR_TAPS)
    return taps / taps.sum()


def decimate(signal: FloatArray) -> FloatArray:
    """12 kHz signal: sample ``i`` is the filter over the 32 samples that end with ``4 i + 3``."""
    filtered = np.convolve(signal, decimation_filter())[: signal.size]
    return filtered[DECIMATION - 1 :: DECIMATION]


def pre_emphasise(signal: FloatArray, coefficient: float = PRE_EMPHASIS) -> FloatArray:
    """``d(n) - coefficient * d(n-1)``, with silence before the first sample."""
    return signal - coefficient * np.concatenate(([0.0], signal[:-1]))


def pitch_signal(signal: FloatArray, pre_emphasis: float = PRE_EMPHASIS) -> FloatArray:
    """Low-passed, decimated by 4 and pre-emphasised copy of a 48 kHz signal."""
    return pre_emphasise(decimate(signal), pre_emphasis)

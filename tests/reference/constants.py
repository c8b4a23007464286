# SPDX-License-Identifier: Apache-2.0
"""Sizes of the signal path that every part of the oracle shares (PercepNet, Valin et al. 2020)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
ComplexArray: TypeAlias = npt.NDArray[np.complex128]
IntArray: TypeAlias = npt.NDArray[np.int64]
PcmArray: TypeAlias = npt.NDArray[np.int16]

SAMPLE_RATE = 48_000
HOP = 480
WINDOW = 2 * HOP
BINS = WINDOW // 2 + 1
BANDS = 34
LOOK_AHEAD_FRAMES = 2
DELAY_SAMPLES = HOP * (LOOK_AHEAD_FRAMES + 1)
MIN_PERIOD = 96
MAX_PERIOD = 768

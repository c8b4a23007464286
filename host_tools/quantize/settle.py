# SPDX-License-Identifier: Apache-2.0
"""Settling: when and how GRU states are rounded so that the past leaves no bit behind.

The why is in firmware/src/settle.h; this is the same arithmetic in NumPy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

STEP_BITS_Q24 = 21
LARGEST_Q24 = 32767 * 512
HASH_FACTOR = 31
HASH_SPREAD = 2654435761
DUE = 0xA5


def settle_due(features: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Say for each of T frames of features [T, 70] whether states settle after it: [T] bool."""
    values = features.astype(np.uint16).astype(np.uint32)
    powers = [pow(HASH_FACTOR, k, 2**32) for k in reversed(range(features.shape[1]))]
    hashes = (values * np.array(powers, np.uint32)).sum(axis=1, dtype=np.uint32)
    due: npt.NDArray[np.bool_] = (hashes * np.uint32(HASH_SPREAD)) >> np.uint32(24) == DUE
    return due


def settle_q24(h_q24: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Round states in Q24 to multiples of 1/8, halves up, within +-32767 * 2^9."""
    steps = (h_q24 + (1 << (STEP_BITS_Q24 - 1))) >> STEP_BITS_Q24
    settled: npt.NDArray[np.int64] = np.clip(steps << STEP_BITS_Q24, -LARGEST_Q24, LARGEST_Q24)
    return settled

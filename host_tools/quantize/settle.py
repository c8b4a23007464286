# SPDX-License-Identifier: Apache-2.0
"""Settling: when and how GRU states are rounded so that the past leaves no bit behind.

The why is in firmware/src/settle.h; this is the same arithmetic in NumPy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

STEP_BITS = 21
LARGEST_Q24 = 32767 * 512
HASH_FACTOR = 31
HASH_SPREAD = 2654435761
KEY_SPREAD = 2246822519
DUE = 0xA5


def settle_keys(features: npt.NDArray[np.int16]) -> npt.NDArray[np.uint32]:
    """Keys of the grids on which states settle after T frames of features [T, 70]; 0: none."""
    values = features.astype(np.uint16).astype(np.uint32)
    powers = [pow(HASH_FACTOR, k, 2**32) for k in reversed(range(features.shape[1]))]
    hashes = (values * np.array(powers, np.uint32)).sum(axis=1, dtype=np.uint32)
    due = (hashes * np.uint32(HASH_SPREAD)) >> np.uint32(24) == DUE
    keys: npt.NDArray[np.uint32] = np.where(due, (hashes * np.uint32(KEY_SPREAD)) | 1, 0)
    return keys.astype(np.uint32)


def settle_q24(h_q24: npt.NDArray[np.int64], key: int) -> npt.NDArray[np.int64]:
    """Round states in Q24 to the middle of their step of 1/8, within +-32767 * 2^9."""
    spread = (key + np.arange(len(h_q24)) * HASH_SPREAD) % 2**32
    offset = spread >> (32 - STEP_BITS)
    middle = (((h_q24 + offset) >> STEP_BITS) << STEP_BITS) - offset + (1 << (STEP_BITS - 1))
    settled: npt.NDArray[np.int64] = np.clip(middle, -LARGEST_Q24, LARGEST_Q24)
    return settled

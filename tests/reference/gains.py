# SPDX-License-Identifier: Apache-2.0
"""From the network's gains to the gain per band: decay floor, envelope post-filter, limit.

Source: PercepNet section on the envelope post-filter, with energies weighted by squared gains.
"""

from __future__ import annotations

import numpy as np

from tests.reference.constants import BANDS, FloatArray

POST_FILTER_BETA = 1311 / 65536
DECAY_PER_FRAME = 0.5
MAX_ENERGY_RATIO = 64.0


def apply_decay_floor(gains: FloatArray, energies: FloatArray) -> FloatArray:
    """Gains (frames, 34) that fall no faster than a room of T60 = 100 ms would ring.

    A band whose level rose keeps less of its former gain, so that a new noise is not let through.
    """
    floored = np.zeros_like(gains)
    previous_gain = np.zeros(BANDS)
    previous_energy = np.zeros(BANDS)
    for t in range(gains.shape[0]):
        fallen = energies[t] <= previous_energy
        safe = np.where(fallen, 1.0, energies[t])
        ratio = np.where(fallen, 1.0, np.sqrt(previous_energy / safe))
        floored[t] = np.maximum(gains[t], DECAY_PER_FRAME * previous_gain * ratio)
        previous_gain, previous_energy = floored[t], energies[t]
    return floored


def warp_gains(gains: FloatArray) -> FloatArray:
    """g sin(pi/2 g): near 1 unchanged, small gains about squared."""
    return gains * np.sin(0.5 * np.pi * gains)


def envelope_compensation(gains: FloatArray, energies: FloatArray) -> FloatArray:
    """G (frames,): gives back level the warping took, at most 5.57 dB."""
    kept = np.sum(gains**2 * energies, axis=-1)
    warped = np.sum(warp_gains(gains) ** 2 * energies, axis=-1)
    ratio = np.divide(kept, warped, out=np.ones_like(kept), where=warped > 0)
    return compensation_of_ratio(np.minimum(ratio, MAX_ENERGY_RATIO))


def compensation_of_ratio(ratio: FloatArray) -> FloatArray:
    """sqrt((1+beta) x / (1 + beta x^2)), beta = 0.02, of an energy ratio x >= 1."""
    return np.sqrt((1 + POST_FILTER_BETA) * ratio / (1 + POST_FILTER_BETA * ratio**2))


def target_gains(gains: FloatArray, energies: FloatArray, limit: float = 0.0) -> FloatArray:
    """Wanted band gains a_b (frames, 34); ``limit`` is the smallest gain allowed."""
    floored = apply_decay_floor(gains, energies)
    shaped = envelope_compensation(floored, energies)[:, None] * warp_gains(floored)
    return np.maximum(shaped, limit)

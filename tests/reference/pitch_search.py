# SPDX-License-Identifier: Apache-2.0
"""Coarse pitch: normalised correlation at 12 kHz and a Viterbi path over the look-ahead.

Sources: the PercepNet paper (correlation plus dynamic programming); the search of LPCNet for the
normalisation by the mean energy, the cost of small steps and the sub-harmonic guard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.reference.constants import LOOK_AHEAD_FRAMES, FloatArray, IntArray
from tests.reference.stft import slice_with_zeros

MIN_LAG = 24
MAX_LAG = 192
LAGS = MAX_LAG - MIN_LAG + 1
CORRELATION_WINDOW = 240
HOP_12K = 120
BLOCK_BITS = 11
SIGNAL_RESOLUTION = 2.0**-8
MAX_STEP = 4


@dataclass(frozen=True)
class SearchSettings:
    """Constants of the search; the defaults are the product's."""

    jump_cost: float = 0.7
    step_cost: float = 0.02
    guard_ratio: float = 1.1
    guard_factor: float = 0.8


def block_unit(samples: FloatArray) -> float:
    """Size of one step when the block's peak is given 11 bits: the power of two that does it.

    A peak below the resolution of the integer signal counts as silence.
    """
    peak = float(np.max(np.abs(samples)))
    if peak < SIGNAL_RESOLUTION:
        return 1.0
    return float(2.0 ** (np.floor(np.log2(peak)) + 1 - BLOCK_BITS))


def raw_correlations(signal_12k: FloatArray) -> FloatArray:
    """xc(L) = 2 <x, x_L> / (<x,x> + <x_L,x_L> + floor) in [-1, 1], shape (frames, 169).

    The floor is the energy of one step a sample, with the newest 432 samples scaled to 11 bits.
    """
    frames = signal_12k.size // HOP_12K
    result = np.zeros((frames, LAGS))
    for t in range(frames):
        end = HOP_12K * (t + 1)
        length = CORRELATION_WINDOW + MAX_LAG
        history = slice_with_zeros(signal_12k, end - length, length)
        floor = CORRELATION_WINDOW * block_unit(history) ** 2
        windows = np.lib.stride_tricks.sliding_window_view(history, CORRELATION_WINDOW)
        newest = windows[-1]
        lagged = windows[MAX_LAG - MIN_LAG :: -1]
        energy = np.einsum("ij,ij->i", lagged, lagged) + newest @ newest + floor
        result[t] = 2 * (lagged @ newest) / energy
    return result


def guard_subharmonics(correlations: FloatArray, settings: SearchSettings) -> FloatArray:
    """Weaken every lag that is not clearly better than half of it (shape kept)."""
    lags = np.arange(2 * MIN_LAG, MAX_LAG + 1)
    half = np.maximum(
        correlations[:, lags // 2 - MIN_LAG], correlations[:, (lags + 1) // 2 - MIN_LAG]
    )
    own = correlations[:, lags - MIN_LAG]
    guarded: FloatArray = correlations.copy()
    weak = (own > 0) & (own < settings.guard_ratio * half)
    guarded[:, lags - MIN_LAG] = np.where(weak, settings.guard_factor * own, own)
    return guarded


def viterbi_periods(scores: FloatArray, settings: SearchSettings) -> IntArray:
    """Lag at 12 kHz of frame ``t-2`` for every arrival ``t``; shape (frames,).

    Each path comes from at most 4 lags away at a cost of 0.02 j^2, or from the best lag of all at
    the jump cost. Of equal paths the jump wins over the step and the smaller lag over the larger.
    """
    frames = scores.shape[0]
    path = np.zeros(LAGS)
    origin = np.tile(np.arange(LAGS), (LOOK_AHEAD_FRAMES, 1))
    result = np.zeros(frames, dtype=np.int64)
    for t in range(frames):
        best_source = int(np.argmax(path))
        padded = np.pad(path, MAX_STEP, constant_values=-np.inf)
        steps = np.arange(-MAX_STEP, MAX_STEP + 1)
        near = np.stack([padded[MAX_STEP + j : MAX_STEP + j + LAGS] for j in steps])
        near -= settings.step_cost * (steps**2)[:, None]
        choice = np.argmax(near, axis=0)
        value = near[choice, np.arange(LAGS)]
        source = np.arange(LAGS) + steps[choice]
        jump = path[best_source] - settings.jump_cost
        jumped = jump >= value
        source[jumped] = best_source
        path = scores[t] + np.where(jumped, jump, value)
        path -= path.max()
        origin = np.vstack((origin[1:], source))
        lag = int(np.argmax(path))
        for step in range(1, LOOK_AHEAD_FRAMES + 1):
            lag = int(origin[-step, lag])
        result[t] = lag + MIN_LAG
    return result


def coarse_lags(signal_12k: FloatArray, settings: SearchSettings | None = None) -> IntArray:
    """The whole coarse search: lag (24..192) of frame ``t-2`` per arrival ``t``."""
    settings = settings or SearchSettings()
    correlations = raw_correlations(signal_12k)
    return viterbi_periods(guard_subharmonics(correlations, settings), settings)

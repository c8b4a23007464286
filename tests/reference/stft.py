# SPDX-License-Identifier: Apache-2.0
"""Analysis and synthesis: Vorbis window, 960-point transform, overlap-add.

Source: Vorbis I specification 1.3.7 (power-complementary window); RNNoise uses the same framing.
"""

from __future__ import annotations

import numpy as np

from tests.reference.constants import HOP, WINDOW, ComplexArray, FloatArray


def vorbis_window() -> FloatArray:
    """Window of shape (960,) with ``w(n)**2 + w(n+480)**2 == 1``."""
    phase = np.pi * (np.arange(WINDOW) + 0.5) / WINDOW
    return np.sin(0.5 * np.pi * np.sin(phase) ** 2)


def frame_starts(frames: int, delay_frames: int = 0) -> list[int]:
    """First sample of the window of each frame; frame ``l`` covers hops ``l-1`` and ``l``."""
    return [HOP * (t - delay_frames - 1) for t in range(frames)]


def slice_with_zeros(signal: FloatArray, start: int, length: int) -> FloatArray:
    """``signal[start:start+length]`` where samples outside the signal are zero."""
    result = np.zeros(length)
    first, last = max(start, 0), min(start + length, signal.size)
    if last > first:
        result[first - start : last - start] = signal[first:last]
    return result


def analyse(signal: FloatArray, delay_frames: int = 0) -> ComplexArray:
    """Unnormalised spectra (frames, 481) of all whole hops, delayed by ``delay_frames`` rows."""
    window = vorbis_window()
    starts = frame_starts(signal.size // HOP, delay_frames)
    framed = np.stack([slice_with_zeros(signal, start, WINDOW) for start in starts])
    return np.fft.rfft(framed * window)


def synthesise(spectra: ComplexArray) -> FloatArray:
    """Overlap-add of (frames, 481) spectra; hop ``t`` is complete when frame ``t`` has arrived.

    Returns frames*480 samples: hop ``t`` = end of frame ``t-1`` plus start of frame ``t``.
    """
    framed = np.fft.irfft(spectra, WINDOW) * vorbis_window()
    hops: FloatArray = framed[:, :HOP].copy()
    hops[1:] += framed[:-1, HOP:]
    return hops.reshape(-1)

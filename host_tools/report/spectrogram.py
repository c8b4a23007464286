# SPDX-License-Identifier: Apache-2.0
"""Spectrograms as PNG: 0 to 24 kHz, one colour scale for all, no axes."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from host_tools.devices.base import SAMPLE_RATE_HZ
from host_tools.report.html_page import missing

Samples = NDArray[np.int16]

TOP_HZ = SAMPLE_RATE_HZ // 2
FLOOR_DB = -100.0
CEILING_DB = -30.0
"""Ends of the colour scale; 0 dB is a sine of full scale."""

ROWS = 256
MAX_COLUMNS = 500
WINDOW_SAMPLES = 1024
HOP_SAMPLES = 480
LEVELS = 36
FULL_SCALE = 32768.0
_COLOURS = "magma"


def spectrogram_png(clip: Samples) -> bytes:
    """PNG of int16 [samples] at 48 kHz: time to the right, 0 Hz at the bottom.

    Raises MissingDependency without matplotlib or Pillow.
    """
    return _png(spectrogram_db(clip)[::-1])


def scale_png() -> bytes:
    """The colour scale, FLOOR_DB at the left. Raises as spectrogram_png."""
    return _png(np.linspace(FLOOR_DB, CEILING_DB, 256)[np.newaxis, :])


def spectrogram_db(clip: Samples) -> NDArray[np.float64]:
    """Mean power in dB of full scale, [ROWS, columns], row 0 at 0 Hz.

    A column is 10 ms, or as many times 10 ms as keep it at MAX_COLUMNS.
    """
    frames = max(-(-len(clip) // HOP_SAMPLES), 1)
    before = WINDOW_SAMPLES // 2
    padded = np.zeros(frames * HOP_SAMPLES + WINDOW_SAMPLES)
    padded[before : before + len(clip)] = clip / FULL_SCALE
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    weights = np.hanning(WINDOW_SAMPLES + 1)[:-1]
    spectrum = np.fft.rfft(windows[:frames] * weights, axis=1) * (2.0 / weights.sum())
    power = np.abs(spectrum[:, : WINDOW_SAMPLES // 2]) ** 2
    rows = power.reshape(frames, ROWS, -1).mean(axis=2)
    together = -(-frames // MAX_COLUMNS)
    starts = np.arange(0, frames, together)
    counts = np.diff(np.append(starts, frames))
    columns = np.add.reduceat(rows, starts, axis=0) / counts[:, np.newaxis]
    power_db: NDArray[np.float64] = 10.0 * np.log10(np.maximum(columns.T, 1e-30))
    return power_db


def _png(power_db: NDArray[np.float64]) -> bytes:
    """A picture of [rows, columns] in dB with a palette of LEVELS colours, which keeps it small."""
    try:
        import matplotlib
        from PIL import Image
    except ImportError as error:
        raise missing(error) from error
    share = np.clip((power_db - FLOOR_DB) / (CEILING_DB - FLOOR_DB), 0.0, 1.0)
    levels = np.rint(share * (LEVELS - 1)).astype(np.uint8)
    colours = matplotlib.colormaps[_COLOURS](np.linspace(0.0, 1.0, LEVELS), bytes=True)
    height, width = levels.shape
    picture = Image.frombytes("P", (width, height), levels.tobytes())
    picture.putpalette(colours[:, :3].tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()

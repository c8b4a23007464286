# SPDX-License-Identifier: Apache-2.0
"""Up to which frequency a recording of speech says anything.

Speech that was once sampled at 16 kHz, or coded by MP3, ends in a steep edge with nothing but
rounding or coding noise above it, whatever its sample rate is now. Speech recorded at 48 kHz falls
off gently, or ends in the noise of the microphone without an edge.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_tools.network.recording import FULL_BANDWIDTH_HZ, SAMPLE_RATE

WINDOW = 2048
HOP = 1024
CELL_BINS = 8
CELL_HZ = CELL_BINS * SAMPLE_RATE / WINDOW
CELLS = WINDOW // 2 // CELL_BINS

MAX_FRAMES = 1000
MIN_FRAMES = 5
LOUD_RANGE_DB = 40.0
SILENCE_DBFS = -80.0
LOWEST_EDGE_HZ = 2200.0

SURE_DROP_DB = 30.0
"""An edge without doubt: the skirts of formants drop by up to 26 dB over the same distance."""
QUIET_DROP_DB = 14.0
QUIET_RANGE_DB = 16.0
"""An edge of ``QUIET_DROP_DB`` counts when the level above it varies by no more than this: noise
does not, speech does."""
BELOW_CELLS = 3
GAP_CELLS = 2
ABOVE_CELLS = 12

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.float64]


def measure_bandwidth_hz(audio: npt.NDArray[np.int16] | npt.NDArray[np.floating]) -> float:
    """Return the bandwidth of mono speech [samples] at 48 kHz, int16 or floats of full scale 1.

    The result is where the steep edge begins above which there is only rounding or coding noise;
    24000 without such an edge, and when the recording is silent or shorter than 0.15 s, so that
    nothing is known. Resampling from 16 kHz gives some 7700. A resampler that leaves images above
    the edge may hide it.
    """
    scale = np.float32(1 / 32768 if audio.dtype == np.int16 else 1.0)
    power = _loud_spectra(audio, scale)
    if len(power) < MIN_FRAMES:
        return FULL_BANDWIDTH_HZ
    loud, quiet = (10.0 * np.log10(np.percentile(power, p, axis=0) + 1e-15) for p in (95, 20))
    edge = _edge_cell(loud, loud - quiet)
    return FULL_BANDWIDTH_HZ if edge is None else edge * CELL_HZ


def _loud_spectra(audio: npt.NDArray[np.generic], scale: np.float32) -> Floats:
    """Power of the frames within 40 dB of the loud ones, [frames, CELLS], at most MAX_FRAMES."""
    if len(audio) < WINDOW:
        return np.zeros((0, CELLS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(audio, WINDOW)[::HOP]
    energy = np.array([float(np.mean(np.square(frame * scale))) for frame in frames])
    floor = max(
        float(np.percentile(energy, 95)) * 10.0 ** (-LOUD_RANGE_DB / 10.0),
        10.0 ** (SILENCE_DBFS / 10.0),
    )
    chosen = np.flatnonzero(energy > floor)
    if len(chosen) > MAX_FRAMES:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MAX_FRAMES).astype(int)]
    window = np.hanning(WINDOW).astype(np.float32) * scale
    spectra = np.abs(np.fft.rfft(frames[chosen] * window, axis=1)) ** 2 / (WINDOW * WINDOW * 0.375)
    cells: Floats = spectra[:, : CELLS * CELL_BINS].reshape(-1, CELLS, CELL_BINS).mean(axis=2)
    return cells


def _edge_cell(level_db: Levels, range_db: Levels) -> int | None:
    """The first cell above the lowest edge with nothing above it; both inputs are [CELLS].

    ``range_db`` says by how much the level of a cell varies over time.
    """
    highest_above = np.maximum.accumulate(_without_lines(level_db)[::-1])[::-1]
    for cell in range(round(LOWEST_EDGE_HZ / CELL_HZ), CELLS - GAP_CELLS - BELOW_CELLS):
        below = float(np.median(level_db[cell - BELOW_CELLS : cell]))
        above = float(highest_above[cell + GAP_CELLS])
        if below - above < QUIET_DROP_DB:
            continue
        edge = cell - BELOW_CELLS
        middle = (below + above) / 2.0
        edge += int(np.argmax(level_db[edge : cell + GAP_CELLS + 1] < middle))
        varies = range_db[edge + GAP_CELLS : edge + GAP_CELLS + ABOVE_CELLS]
        if below - above >= SURE_DROP_DB or float(varies.mean()) <= QUIET_RANGE_DB:
            return edge
    return None


def _without_lines(level_db: Levels) -> Levels:
    """Median of five cells: a whistle above the edge is no speech."""
    padded = np.pad(level_db, 2, mode="edge")
    result: Levels = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return result

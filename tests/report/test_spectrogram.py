# SPDX-License-Identifier: Apache-2.0
"""Spectrograms show tones where they are, as loud as they are."""

from __future__ import annotations

import importlib.util
import io

import numpy as np
import pytest

from host_tools.report.spectrogram import (
    CEILING_DB,
    MAX_COLUMNS,
    ROWS,
    TOP_HZ,
    scale_png,
    spectrogram_db,
    spectrogram_png,
)
from tests.needs import need

RATE_HZ = 48_000


def tone(frequency_hz: float, amplitude: float, samples: int) -> np.ndarray:
    time = np.arange(samples) / RATE_HZ
    return np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)


@pytest.mark.parametrize("frequency_hz", [1500.0, 12_000.0, 21_000.0])
def test_a_tone_is_in_the_row_of_its_frequency_at_its_level(frequency_hz: float) -> None:
    power_db = spectrogram_db(tone(frequency_hz, 3276.8, RATE_HZ))
    row = int(frequency_hz / TOP_HZ * ROWS)
    middle = power_db[:, power_db.shape[1] // 2]
    assert abs(int(np.argmax(middle)) - row) <= 1
    # Two bins make a row; a window of Hann spreads a tone over three.
    assert middle.max() == pytest.approx(-20.0, abs=4.0)
    assert middle[row - 20] < -90.0 or middle[row + 20] < -90.0


def test_time_runs_to_the_right() -> None:
    clip = np.concatenate([np.zeros(RATE_HZ, np.int16), tone(3000.0, 8000.0, RATE_HZ)])
    loudest = spectrogram_db(clip).max(axis=0)
    half = len(loudest) // 2
    assert loudest[: half - 2].max() < -200.0 < -40.0 < loudest[half + 2 :].min()


@pytest.mark.parametrize("samples", [0, 1, 480, 24_000, 480_000, 2_000_001])
def test_a_clip_of_any_length_gives_a_picture_that_is_not_too_wide(samples: int) -> None:
    rows, columns = spectrogram_db(np.zeros(samples, np.int16)).shape
    assert rows == ROWS and 1 <= columns <= MAX_COLUMNS


def test_the_picture_has_low_frequencies_at_the_bottom_and_one_scale_for_all() -> None:
    need(importlib.util.find_spec("PIL") is not None, "Pillow is not installed")
    from PIL import Image

    full = Image.open(io.BytesIO(spectrogram_png(tone(500.0, 300.0, RATE_HZ))))
    loud = Image.open(io.BytesIO(spectrogram_png(tone(500.0, 30_000.0, RATE_HZ))))
    scale = Image.open(io.BytesIO(scale_png()))
    assert full.size == (100, ROWS) and CEILING_DB < 0.0
    picture = np.asarray(full)
    loudest = int(np.argmax(picture[:, 50]))
    assert loudest == ROWS - 1 - int(500.0 / TOP_HZ * ROWS)
    assert full.getpalette() == scale.getpalette()
    assert picture.max() < np.asarray(loud).max() == np.asarray(scale).max()

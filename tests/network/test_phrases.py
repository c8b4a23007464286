# SPDX-License-Identifier: Apache-2.0
"""Speech is cut at its pauses, noise at places where there is some."""

from __future__ import annotations

import numpy as np
import pytest

from host_tools.network.audio_cache import SAMPLE_RATE
from host_tools.network.phrases import find_phrases, loop_noise, speech_of

WANTED = 4 * SAMPLE_RATE


def bursts(*seconds: float) -> np.ndarray:
    """Noise and digital silence in turn, beginning with silence."""
    generator = np.random.default_rng(1)
    parts = [
        (0.1 * generator.standard_normal(round(length * SAMPLE_RATE))) * (number % 2)
        for number, length in enumerate(seconds)
    ]
    return np.concatenate(parts).astype(np.float32)


def test_phrases_are_found_between_pauses() -> None:
    found = find_phrases(bursts(0.5, 1.0, 0.3, 0.8, 0.2))
    assert np.allclose(np.array(found) / SAMPLE_RATE, [[0.5, 1.5], [1.8, 2.6]], atol=0.011)


def test_a_gap_of_20_ms_is_no_pause_and_a_click_no_phrase() -> None:
    found = find_phrases(bursts(0.5, 0.6, 0.02, 0.6, 0.5, 0.05, 0.3))
    assert np.allclose(np.array(found) / SAMPLE_RATE, [[0.5, 1.72]], atol=0.011)


def test_speech_has_pauses_of_at_most_six_tenths_of_a_second_between_its_phrases() -> None:
    recording = bursts(2.0, 0.7, 2.0, 0.9, 2.0)
    speech = speech_of(recording, WANTED, np.random.default_rng(0))
    assert len(speech) == WANTED
    quiet = np.abs(speech).reshape(-1, 480).max(axis=1) < 1e-4
    edges = np.flatnonzero(np.diff(np.r_[False, quiet, False].astype(int)))
    pauses = (edges[1::2] - edges[::2]) / 100
    assert len(pauses) >= 3 and pauses.max() <= 0.62


@pytest.mark.parametrize("seconds", [0.1, 1.0, 9.0])
def test_speech_without_pauses_is_cut_into_phrases_of_its_own(seconds: float) -> None:
    speech = speech_of(bursts(0.0, seconds), WANTED, np.random.default_rng(0))
    assert len(speech) == WANTED and np.any(speech)


def test_a_cut_of_noise_is_not_taken_where_the_recording_is_silent() -> None:
    recording = bursts(20.0, 5.0, 1.0)
    for seed in range(20):
        assert np.any(loop_noise(recording, WANTED, np.random.default_rng(seed)))


def test_a_short_sound_comes_again_with_gaps_and_a_longer_one_without() -> None:
    knock = loop_noise(bursts(0.0, 0.3), WANTED, np.random.default_rng(0))
    rain = loop_noise(bursts(0.0, 2.5), WANTED, np.random.default_rng(0))
    silent = [
        float(np.mean(np.abs(each.reshape(-1, 480)).max(axis=1) == 0)) for each in (knock, rain)
    ]
    assert silent[0] > 0.3 and silent[1] == 0.0

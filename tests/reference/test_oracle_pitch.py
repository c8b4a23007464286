# SPDX-License-Identifier: Apache-2.0
"""The oracle finds the pitch of synthetic voices."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reference.constants import SAMPLE_RATE, FloatArray
from tests.reference.front_end import analyse_clip, find_periods
from tests.reference.pitch_search import (
    MIN_LAG,
    SearchSettings,
    guard_subharmonics,
    viterbi_periods,
)
from tests.reference.pitch_signal import DECIMATION, decimate, decimation_filter, remove_dc


def vowel(f0: float, seconds: float = 0.6, noise_db: float = -20.0) -> FloatArray:
    """Harmonics up to 4 kHz, 6 dB an octave, with white noise."""
    time = np.arange(round(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    orders = range(1, int(4000 / f0) + 1)
    tone: FloatArray = np.sum(
        [np.cos(2 * np.pi * f0 * k * time + k * k) / k for k in orders], axis=0
    )
    noise = np.random.default_rng(int(f0)).standard_normal(time.size)
    level = float(np.sqrt(np.mean(tone**2))) * 10 ** (noise_db / 20)
    noisy: FloatArray = (tone + level * noise) * 5000
    return noisy


@pytest.mark.parametrize("f0", [63, 85, 120, 160, 200, 300, 500])
def test_the_period_of_a_steady_vowel_is_found_within_one_sample(f0: int) -> None:
    periods, correlations = find_periods(vowel(f0))
    settled = slice(12, None)
    assert np.abs(periods[settled] - SAMPLE_RATE / f0).max() <= 1.0
    assert correlations[settled].min() > 0.9


def test_the_period_belongs_to_the_frame_two_hops_back() -> None:
    low, high = vowel(100, 0.5), vowel(250, 0.5)
    periods, _ = find_periods(np.concatenate((low, high)))
    change = low.size // 480
    assert np.abs(periods[change - 5 : change + 2] - 480).max() <= 2
    assert np.abs(periods[change + 6 : change + 20] - 192).max() <= 2


def test_noise_has_low_correlation_and_voice_high_coherence() -> None:
    noise = np.random.default_rng(8).standard_normal(SAMPLE_RATE // 2) * 3000
    _, correlations = find_periods(noise)
    assert np.median(correlations) < 0.4
    voiced = analyse_clip(vowel(150, noise_db=-10.0)).coherence[12:, 2:20].mean()
    unvoiced = analyse_clip(noise).coherence[12:, 2:20].mean()
    # The centre tap alone gives pure noise about 0.47 to 0.58.
    assert voiced > 0.8
    assert unvoiced < 0.65


def test_a_dc_offset_and_hum_do_not_change_the_period() -> None:
    time = np.arange(round(SAMPLE_RATE * 0.6)) / SAMPLE_RATE
    disturbed = vowel(150) + 4000 + 3000 * np.sin(2 * np.pi * 50 * time)
    periods, _ = find_periods(disturbed)
    assert np.abs(periods[12:] - 320).max() <= 2


def test_the_decimation_filter_passes_dc_and_stops_what_would_alias_on_the_voice() -> None:
    taps = decimation_filter()
    assert taps.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(taps, taps[::-1])
    response = np.abs(np.fft.rfft(taps, 4800))
    assert 20 * np.log10(response[900:].max()) < -40  # 9 kHz folds to 3 kHz
    assert decimate(np.ones(480)).size == 480 // DECIMATION


def test_the_high_pass_removes_an_offset() -> None:
    assert np.abs(remove_dc(np.full(400, 100.0))[-1]) < 1e-6


def test_twice_the_period_loses_to_the_period_by_the_guard() -> None:
    correlations = np.zeros((1, 169))
    correlations[0, 60 - MIN_LAG] = 0.9
    correlations[0, 120 - MIN_LAG] = 0.92
    correlations[0, 180 - MIN_LAG] = 0.5
    guarded = guard_subharmonics(correlations, SearchSettings())[0]
    assert guarded[120 - MIN_LAG] == pytest.approx(0.92 * 0.8)
    assert guarded[60 - MIN_LAG] == 0.9
    assert guarded[180 - MIN_LAG] == 0.5


def test_one_outlier_frame_does_not_move_the_path() -> None:
    scores = np.full((12, 169), 0.1)
    scores[:, 40] = 0.8
    scores[6, 40], scores[6, 120] = 0.3, 0.9
    periods = viterbi_periods(scores, SearchSettings())
    assert (periods[2:] == 40 + MIN_LAG).all()


def test_digital_silence_before_speech_does_no_harm() -> None:
    signal = np.concatenate((vowel(120, 0.3), np.zeros(48_000), vowel(120, 0.4)))
    periods, correlations = find_periods(signal)
    assert np.isfinite(correlations).all()
    start = (signal.size - round(0.4 * SAMPLE_RATE)) // 480
    assert np.abs(periods[start + 8 :] - 400).max() <= 2

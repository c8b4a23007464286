# SPDX-License-Identifier: Apache-2.0
"""The oracle's gains, post-filter and pitch filter."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reference.bands import band_energies
from tests.reference.constants import BANDS, FloatArray
from tests.reference.front_end import analyse_clip, enhance
from tests.reference.gains import (
    apply_decay_floor,
    compensation_of_ratio,
    envelope_compensation,
    target_gains,
    warp_gains,
)
from tests.reference.pitch_filter import mix_pitch, rescale_bands

ENERGIES = np.full((1, BANDS), 1e6)


def constant(value: float) -> FloatArray:
    """One frame of equal gains."""
    return np.full((1, BANDS), value)


def test_the_post_filter_raises_by_at_most_5_57_db() -> None:
    ratios = np.linspace(1, 64, 100_000)
    most = 20 * np.log10(compensation_of_ratio(ratios).max())
    assert most == pytest.approx(5.57, abs=0.01)
    assert ratios[np.argmax(compensation_of_ratio(ratios))] == pytest.approx(0.02**-0.5, rel=0.01)


def test_unit_gains_pass_the_post_filter_unchanged() -> None:
    assert envelope_compensation(constant(1.0), ENERGIES)[0] == pytest.approx(1.0)
    np.testing.assert_allclose(target_gains(constant(1.0), ENERGIES), 1.0)


def test_warping_leaves_large_gains_and_squares_small_ones() -> None:
    assert warp_gains(np.array([0.95]))[0] == pytest.approx(0.95, rel=0.01)
    assert warp_gains(np.array([0.01]))[0] == pytest.approx(np.pi / 2 * 1e-4, rel=0.001)


def test_a_band_decays_by_half_a_frame_in_steady_input() -> None:
    gains = np.vstack((constant(1.0), np.zeros((3, BANDS))))
    floored = apply_decay_floor(gains, np.repeat(ENERGIES, 4, axis=0))
    np.testing.assert_allclose(floored[:, 0], [1.0, 0.5, 0.25, 0.125])


def test_a_rise_of_the_input_lowers_the_decay_floor_by_as_much() -> None:
    gains = np.vstack((constant(1.0), constant(0.0)))
    floored = apply_decay_floor(gains, np.vstack((ENERGIES, 100 * ENERGIES)))
    np.testing.assert_allclose(floored[1], 0.05)


def test_the_limit_bounds_the_gain_from_below() -> None:
    np.testing.assert_allclose(target_gains(constant(0.0), ENERGIES, 0.25), 0.25)


def test_rescaling_gives_every_band_the_wanted_level_after_the_pitch_filter() -> None:
    rng = np.random.default_rng(12)
    analysis = analyse_clip(rng.standard_normal(480 * 30) * 3000)
    spectra = analysis.delayed_spectra
    strengths = np.full((30, BANDS), 0.7)
    mixed = mix_pitch(spectra, analysis.combed_spectra, strengths)
    out = rescale_bands(mixed, spectra, np.ones((30, BANDS)))
    ratio_db = 10 * np.log10(band_energies(out)[6:] / band_energies(spectra)[6:])
    assert np.abs(np.median(ratio_db)) < 0.2
    assert np.mean(np.abs(ratio_db) < 1.5) > 0.95


def test_full_strength_on_a_periodic_signal_changes_nothing() -> None:
    cycle = np.random.default_rng(13).standard_normal(160) * 4000
    signal = np.tile(cycle, 90)
    analysis = analyse_clip(signal, np.full(30, 160))
    out = enhance(analysis, np.ones((30, BANDS)), np.ones((30, BANDS)))
    settled = slice(12 * 480, None)
    error = out[settled] - signal[12 * 480 - 1440 : -1440]
    assert np.abs(error).max() < 1e-6 * np.abs(signal).max()

# SPDX-License-Identifier: Apache-2.0
"""The oracle's transform, bands and comb filter have the properties the algorithm promises."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reference.bands import TOP_BIN, band_centres, band_weights, interpolate_bands
from tests.reference.comb import comb_frame, comb_taps, future_taps, ideal_taps
from tests.reference.constants import BANDS, DELAY_SAMPLES, HOP, SAMPLE_RATE, WINDOW
from tests.reference.front_end import analyse_clip, enhance, unit_decisions
from tests.reference.stft import analyse, synthesise, vorbis_window

# Sum of squared weights and centre weight by future taps: percepnet.md 2.4, to four digits.
TAP_TABLE = {
    0: (0.2245, 0.2857),
    1: (0.1842, 0.2256),
    2: (0.1557, 0.1929),
    3: (0.1373, 0.1760),
    4: (0.1277, 0.1685),
    5: (0.1250, 0.1667),
}


def test_the_window_is_power_complementary() -> None:
    window = vorbis_window()
    np.testing.assert_allclose(window[:HOP] ** 2 + window[HOP:] ** 2, 1.0, atol=1e-15)


def test_analysis_and_synthesis_give_the_input_one_hop_late() -> None:
    signal = np.random.default_rng(1).standard_normal(40 * HOP)
    out = synthesise(analyse(signal))
    np.testing.assert_allclose(out[HOP:], signal[:-HOP], atol=1e-12)


def test_unit_gains_only_delay_by_1440_samples() -> None:
    signal = np.random.default_rng(2).standard_normal(40 * HOP) * 5000
    out = enhance(analyse_clip(signal), *unit_decisions(40))
    np.testing.assert_allclose(out[DELAY_SAMPLES:], signal[:-DELAY_SAMPLES], atol=1e-8)
    np.testing.assert_allclose(out[:DELAY_SAMPLES], 0.0, atol=1e-8)


def test_bands_are_the_published_erb_table_without_its_first_point() -> None:
    published = (
        "2 4 6 8 10 12 14 16 18 21 24 28 32 36 41 47 53 60 68 77 87 98 110 124 140 157 176 198 "
        "223 251 282 317 356 400"
    )
    assert band_centres().tolist() == [int(point) for point in published.split()]


def test_band_weights_of_every_bin_up_to_20_khz_sum_to_one() -> None:
    weights = band_weights()
    np.testing.assert_allclose(weights[:, : TOP_BIN + 1].sum(axis=0), 1.0, atol=1e-15)
    assert not weights[:, TOP_BIN + 1 :].any()


def test_equal_band_gains_interpolate_to_equal_bin_gains() -> None:
    np.testing.assert_allclose(interpolate_bands(np.full(BANDS, 0.3)), 0.3, atol=1e-15)


def test_interpolation_hits_each_band_at_its_centre() -> None:
    values = np.random.default_rng(3).random(BANDS)
    np.testing.assert_allclose(interpolate_bands(values)[band_centres()], values, atol=1e-15)


@pytest.mark.parametrize("future", range(6))
def test_comb_noise_gain_and_centre_weight_are_those_of_the_table(future: int) -> None:
    taps = ideal_taps(future)
    noise_gain, centre = TAP_TABLE[future]
    assert np.sum(taps**2) == pytest.approx(noise_gain, abs=5e-5)
    assert taps[5] == pytest.approx(centre, abs=5e-5)


@pytest.mark.parametrize("future", range(6))
def test_integer_comb_weights_sum_to_one_and_are_within_rounding(future: int) -> None:
    taps = comb_taps(future)
    assert taps.sum() == 1.0
    assert np.abs(taps - ideal_taps(future)).max() < 3 / 32768


def test_future_taps_never_reach_beyond_the_look_ahead() -> None:
    for period in range(96, 769):
        assert future_taps(period) * period <= 960
        assert 1 <= future_taps(period) <= 5
    assert future_taps(192) == 5
    assert future_taps(193) == 4


def test_comb_keeps_a_periodic_signal_and_attenuates_noise_by_9_db() -> None:
    period, start = 150, 5000
    cycle = np.random.default_rng(4).standard_normal(period)
    periodic = np.tile(cycle, 60)
    kept = comb_frame(periodic, start, period)
    np.testing.assert_allclose(kept, periodic[start : start + WINDOW], atol=1e-12)
    noise = np.random.default_rng(5).standard_normal(SAMPLE_RATE)
    powers = [np.mean(comb_frame(noise, s, period) ** 2) for s in range(5000, 40000, 1000)]
    assert 10 * np.log10(np.mean(powers)) == pytest.approx(-9.03, abs=0.5)

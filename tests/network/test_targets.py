# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.features import TrainingFrames
from host_tools.generate import tables
from host_tools.network.targets import (
    BAND_CENTRES_BINS,
    CENTRE_TAP,
    NOISE_POWER_GAIN,
    band_limit,
    comb_strength,
    make_targets,
    unbias_coherence,
)

FRAMES = 50


def test_bands_and_comb_are_those_of_the_c_tables() -> None:
    assert BAND_CENTRES_BINS.tolist() == tables.band_centres()
    for future, row in enumerate(np.array(tables.comb_weights_q15()) / 32768):
        assert CENTRE_TAP[future] == pytest.approx(row[tables.COMB_PERIODS], abs=1e-4)
        assert NOISE_POWER_GAIN[future] == pytest.approx(np.sum(row**2), abs=1e-4)


unit = st.floats(0.0, 1.0, width=32)


def measured_frames(
    noisy_log2: float, clean_log2: float, of_clean: float = 0.9, of_noisy: float = 0.7
) -> TrainingFrames:
    """Frames with the same measures in every band; energies as log2."""

    def bands(value: float) -> np.ndarray:
        return np.full((FRAMES, 34), round(value), np.int16)

    return TrainingFrames(
        features=np.zeros((FRAMES, 70), np.int16),
        energy_noisy_log2_q9=bands(noisy_log2 * 512),
        energy_target_log2_q9=bands(clean_log2 * 512),
        coherence_target_q15=bands(of_clean * 32767),
        coherence_noisy_q15=bands(of_noisy * 32767),
        future_taps=np.full(FRAMES, 5, np.uint8),
    )


def coherence_after_comb(q: float, taps: int) -> float:
    """Coherence of y = q p + sqrt(1-q^2) n with its comb output, n being white."""
    w, v = float(CENTRE_TAP[taps]), float(NOISE_POWER_GAIN[taps])
    return (q * q + (1 - q * q) * w) / np.sqrt(q * q + (1 - q * q) * v)


@pytest.mark.parametrize("taps", range(6))
@pytest.mark.parametrize("q", [0.0, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_bias_of_the_measured_coherence_is_removed(q: float, taps: int) -> None:
    measured = np.array([coherence_after_comb(q, taps)], np.float32)
    found = unbias_coherence(measured, CENTRE_TAP[taps], NOISE_POWER_GAIN[taps])
    assert found[0] == pytest.approx(q, abs=0.02)


@given(unit, unit, st.integers(0, 5))
def test_strength_is_between_0_and_1_for_any_coherences(
    clean: float, noisy: float, taps: int
) -> None:
    arrays = np.array([clean], np.float32), np.array([noisy], np.float32)
    strength = comb_strength(*arrays, NOISE_POWER_GAIN[taps])
    assert 0.0 <= strength[0] <= 1.0


def test_strength_makes_the_mix_as_periodic_as_clean_speech() -> None:
    clean, noisy, variance = 0.8, 0.6, float(NOISE_POWER_GAIN[5])
    r = float(comb_strength(np.float32([clean]), np.float32([noisy]), NOISE_POWER_GAIN[5])[0])
    comb = noisy / np.sqrt((1 - variance) * noisy**2 + variance)
    # Unit-norm y and p, independent noise parts: the coherence of (1-r) y + r p.
    periodic = (1 - r) * noisy + r * comb
    rest = (1 - r) ** 2 * (1 - noisy**2) + r**2 * (1 - comb**2)
    assert periodic / np.sqrt(periodic**2 + rest) == pytest.approx(clean, abs=0.01)


def test_clean_speech_needs_no_comb_filter_and_full_gain() -> None:
    targets = make_targets(measured_frames(20.0, 20.0, 0.9, 0.9), 24000.0)
    assert np.all(targets.gain == 1.0)
    assert np.all(targets.strength == 0.0)


def test_strength_rises_as_noise_takes_periodicity_away() -> None:
    means = [
        make_targets(measured_frames(22.0, 20.0, 0.95, of_noisy), 24000.0).strength[2:].mean()
        for of_noisy in (0.95, 0.93, 0.9, 0.8)
    ]
    assert means == sorted(means) and means[0] < 0.05 < means[-1]


def test_gain_is_the_ratio_of_amplitudes() -> None:
    targets = make_targets(measured_frames(22.0, 20.0), 24000.0)
    assert targets.gain[5, 5] == pytest.approx(0.5, abs=1e-3)


def test_gain_never_exceeds_one_when_noise_cancels_speech() -> None:
    assert make_targets(measured_frames(20.0, 22.0), 24000.0).gain.max() == 1.0


def test_mask_ends_at_the_bandwidth_of_the_recording() -> None:
    mask = make_targets(measured_frames(22.0, 20.0), 8000.0).mask
    bands = band_limit(8000.0)
    assert 0 < bands < 34
    assert np.all(mask[2:, :bands] == 1.0)
    assert not mask[:, bands:].any()


def test_rows_before_the_first_frame_and_silence_are_masked() -> None:
    assert not make_targets(measured_frames(22.0, 20.0), 24000.0).mask[:2].any()
    assert not make_targets(measured_frames(5.0, 5.0), 24000.0).mask.any()


def test_band_limit_covers_all_bands_at_20_khz_and_none_at_0() -> None:
    assert band_limit(20000.0) == 34
    assert band_limit(0.0) == 0


def test_voice_follows_the_clean_energy_with_a_hangover() -> None:
    frames = measured_frames(30.0, 30.0)
    frames.energy_target_log2_q9[20:] = 0
    voice = make_targets(frames, 24000.0).voice
    assert voice[:20].all()
    assert voice[20:23].all() and not voice[24:].any()


def test_silence_has_no_voice() -> None:
    assert not make_targets(measured_frames(30.0, 0.0), 24000.0).voice.any()

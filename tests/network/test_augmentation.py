# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from host_tools.network import augmentation
from host_tools.network.synthetic_noise import coloured_noise, hum, swell

SECOND = 48000


def impulse() -> np.ndarray:
    audio = np.zeros(SECOND, np.float32)
    audio[0] = 1.0
    return audio


def gain_db(response: np.ndarray, hz: float) -> float:
    return float(20 * np.log10(np.abs(np.fft.rfft(response)[round(hz)]) + 1e-12))


@pytest.mark.parametrize("change", [augmentation.random_filter, augmentation.equalise])
def test_random_filters_are_stable_and_moderate(change) -> None:  # type: ignore[no-untyped-def]
    for seed in range(50):
        response = change(impulse(), np.random.default_rng(seed))
        assert np.abs(response[SECOND // 4 :]).max() < 1e-6
        levels = [gain_db(response, hz) for hz in range(100, 16000, 500)]
        assert min(levels) > -40.0 and max(levels) < 30.0


def test_low_pass_is_flat_below_and_silent_above() -> None:
    response = augmentation.low_pass(impulse(), 8000.0)
    assert max(abs(gain_db(response, hz)) for hz in (100, 2000, 7500)) < 0.2
    assert max(gain_db(response, hz) for hz in (10400, 12000, 20000)) < -65.0


def test_target_response_keeps_20_ms_and_then_decays_60_db_in_200_ms() -> None:
    room = np.ones(SECOND, np.float32)
    room[0] = 2.0
    kept = augmentation.target_response(room)
    assert np.array_equal(kept[:961], room[:961])
    assert np.all(np.diff(kept[960:20000]) < 0)
    assert 20 * np.log10(kept[960 + 9600]) == pytest.approx(-60.0, abs=0.01)


def test_distance_changes_the_direct_sound_and_not_the_tail() -> None:
    room = np.linspace(1.0, 0.1, 4800).astype(np.float32)
    near = augmentation.change_distance(room, 1.5)
    assert np.allclose(near[:960], 1.5 * room[:960]) and np.array_equal(near[960:], room[960:])


def test_convolution_with_a_room_keeps_the_speech_in_its_place() -> None:
    speech = np.random.default_rng(0).standard_normal(SECOND).astype(np.float32)
    room = np.zeros(4800, np.float32)
    room[100], room[2500] = 0.5, 0.1
    wet = augmentation.convolve_room(speech, room)
    assert np.allclose(wet[:2400], speech[:2400], atol=1e-5)
    assert np.allclose(wet[2400:], speech[2400:] + 0.2 * speech[:-2400], atol=1e-4)


def test_silent_noise_gets_no_gain() -> None:
    silence, tone = np.zeros(100, np.float32), np.ones(100, np.float32)
    assert augmentation.noise_gain_for_snr(tone, silence, 5.0) == 0.0
    assert augmentation.noise_gain_for_snr(silence, tone, 5.0) == 0.0


def test_hum_has_its_power_at_multiples_of_one_tone() -> None:
    spectrum = np.abs(np.fft.rfft(hum(4 * SECOND, np.random.default_rng(4)))) ** 2
    strongest = np.sort(spectrum)[::-1]
    assert strongest[: len(spectrum) // 50].sum() > 0.95 * spectrum.sum()


def test_coloured_noise_is_stationary() -> None:
    noise = coloured_noise(4 * SECOND, np.random.default_rng(1))
    powers = np.square(noise.reshape(8, -1)).mean(axis=1)
    assert powers.max() / powers.min() < 1.5


def test_swell_leaves_nothing_louder_than_12_db() -> None:
    for seed in range(20):
        changed = swell(np.ones(SECOND, np.float32), np.random.default_rng(seed))
        assert changed.shape == (SECOND,)
        assert changed.min() >= 0.0 and changed.max() <= 10 ** (12 / 20) + 1e-3

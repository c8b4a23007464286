# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from host_tools.network import augmentation
from host_tools.network.audio_cache import AudioCache
from host_tools.network.evaluation import held_out_mixtures
from host_tools.network.mixing import PLAIN_RECIPE, Mixer, MixingRecipe
from tests.network.recordings import SPEECH_BANDWIDTH_HZ, make_cache

SHORT = replace(MixingRecipe(), seconds=2.0, speech_room_probability=0.5)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> AudioCache:
    return make_cache(tmp_path_factory.mktemp("recordings"))


def snr_db(clean: np.ndarray, noisy: np.ndarray) -> float:
    noise = noisy.astype(np.float64) - clean
    return 10 * np.log10(np.mean(clean.astype(np.float64) ** 2) / np.mean(noise**2))


@pytest.mark.parametrize("wanted", [-5.0, 0.0, 7.5, 20.0])
def test_mixture_has_the_snr_asked_for(cache: AudioCache, wanted: float) -> None:
    mixture = Mixer(cache, "train", PLAIN_RECIPE).draw(np.random.default_rng(3), wanted)
    assert mixture.snr_db == wanted
    assert snr_db(mixture.clean, mixture.noisy) == pytest.approx(wanted, abs=0.02)


def test_same_seed_gives_the_same_mixture_and_another_does_not(cache: AudioCache) -> None:
    mixer = Mixer(cache, "train", SHORT)
    first, again, other = (mixer.draw(np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first.noisy, again.noisy) and np.array_equal(first.clean, again.clean)
    assert not np.array_equal(first.noisy, other.noisy)


def test_no_mixture_clips_or_changes_length(cache: AudioCache) -> None:
    mixer = Mixer(cache, "train", SHORT)
    for seed in range(20):
        mixture = mixer.draw(np.random.default_rng(seed))
        assert mixture.noisy.shape == mixture.clean.shape == (96000,)
        assert np.abs(mixture.noisy.astype(int)).max() < 32767


def test_clean_mixture_is_its_own_target(cache: AudioCache) -> None:
    recipe = replace(SHORT, clean_probability=1.0, noise_only_probability=0.0)
    mixer = Mixer(cache, "train", replace(recipe, speech_room_probability=0.0))
    mixture = mixer.draw(np.random.default_rng(0))
    assert mixture.snr_db == np.inf and mixture.noises == ()
    assert np.array_equal(mixture.noisy, mixture.clean)


def test_noise_alone_has_a_silent_target(cache: AudioCache) -> None:
    mixer = Mixer(cache, "train", replace(SHORT, noise_only_probability=1.0))
    mixture = mixer.draw(np.random.default_rng(0))
    assert mixture.snr_db == -np.inf
    assert not mixture.clean.any() and mixture.noisy.any()


def test_speed_scales_the_known_bandwidth(cache: AudioCache) -> None:
    faster = replace(SHORT, speed_probability=1.0, speed_range=(1.2, 1.2))
    mixture = Mixer(cache, "train", faster).draw(np.random.default_rng(0))
    assert mixture.bandwidth_hz == pytest.approx(1.2 * SPEECH_BANDWIDTH_HZ)


def test_held_out_mixtures_are_the_same_every_time_and_span_0_to_15_db(cache: AudioCache) -> None:
    first = list(held_out_mixtures(cache, "test", count=6))
    again = list(held_out_mixtures(cache, "test", count=6))
    assert all(np.array_equal(a.noisy, b.noisy) for a, b in zip(first, again, strict=True))
    levels = [mixture.snr_db for mixture in first]
    assert levels == sorted(levels) and levels[0] > 0.0 and levels[-1] < 15.0


def test_early_response_keeps_the_first_20_ms_and_drops_the_tail() -> None:
    room = np.ones(4800, np.float32)
    room[0] = 2.0
    early = augmentation.early_response(room)
    assert np.array_equal(early[:960], room[:960])
    assert not early[1440:].any()
    assert np.all(np.diff(early[960:1440]) < 0)


def test_random_filters_are_stable() -> None:
    impulse = np.zeros(48000, np.float32)
    impulse[0] = 1.0
    for seed in range(50):
        response = augmentation.random_filter(impulse, np.random.default_rng(seed))
        assert np.abs(response[4800:]).max() < 1e-6


def test_silent_noise_gets_no_gain() -> None:
    silence, tone = np.zeros(100, np.float32), np.ones(100, np.float32)
    assert augmentation.noise_gain_for_snr(tone, silence, 5.0) == 0.0
    assert augmentation.noise_gain_for_snr(silence, tone, 5.0) == 0.0

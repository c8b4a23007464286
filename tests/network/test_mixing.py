# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from host_tools.network.audio_cache import AudioCache
from host_tools.network.mixing import Mixer, Mixture
from host_tools.network.recipe import MixingRecipe
from tests.network.recordings import SPEECH_BANDWIDTH_HZ, make_cache

SHORT = replace(MixingRecipe(), seconds=2.0, synthetic_rooms=0)
BARE = replace(
    SHORT,
    clean_probability=0.0,
    noise_only_probability=0.0,
    low_pass_probability=0.0,
    clipping_probability=0.0,
    room_probability=0.0,
    foreground_probability=0.0,
    wide_snr_probability=0.0,
    level_dbfs=(-30.0, -30.0),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> AudioCache:
    return make_cache(tmp_path_factory.mktemp("recordings"))


def draw(cache: AudioCache, recipe: MixingRecipe, seed: int = 0) -> Mixture:
    return Mixer(cache, "train", recipe).draw(np.random.default_rng(seed))


def measured_snr_db(mixture: Mixture) -> float:
    clean = mixture.clean.astype(np.float64)
    return float(10 * np.log10(np.mean(clean**2) / np.mean((mixture.noisy - clean) ** 2)))


def level_above_db(audio: np.ndarray, hz: float) -> float:
    """Energy above a frequency relative to the whole, in dB."""
    spectrum = np.abs(np.fft.rfft(audio.astype(float) * np.hanning(len(audio)))) ** 2
    cut = int(hz * len(audio) / 48000)
    return float(10 * np.log10(spectrum[cut:].sum() / spectrum.sum()))


@pytest.mark.parametrize("wanted", [-5.0, 0.0, 7.5, 20.0])
def test_mixture_has_the_drawn_snr(cache: AudioCache, wanted: float) -> None:
    mixture = draw(cache, replace(BARE, main_snr_db=(wanted, wanted)))
    assert mixture.snr_db == pytest.approx(wanted, abs=1e-3)
    assert measured_snr_db(mixture) == pytest.approx(wanted, abs=0.05)


def test_same_seed_gives_the_same_mixture_and_another_does_not(cache: AudioCache) -> None:
    first, again, other = (draw(cache, SHORT, seed) for seed in (5, 5, 6))
    assert np.array_equal(first.noisy, again.noisy) and np.array_equal(first.clean, again.clean)
    assert not np.array_equal(first.noisy, other.noisy)


def test_no_mixture_clips_in_int16_or_changes_length(cache: AudioCache) -> None:
    mixer = Mixer(cache, "train", SHORT)
    for seed in range(20):
        mixture = mixer.draw(np.random.default_rng(seed))
        assert mixture.noisy.shape == mixture.clean.shape == (96000,)
        assert np.abs(mixture.noisy.astype(int)).max() < 32767


def test_clean_mixture_is_its_own_target(cache: AudioCache) -> None:
    mixture = draw(cache, replace(BARE, clean_probability=1.0))
    assert mixture.snr_db == np.inf and mixture.noises == ()
    assert np.array_equal(mixture.noisy, mixture.clean)


def test_noise_alone_has_a_silent_target(cache: AudioCache) -> None:
    mixture = draw(cache, replace(SHORT, noise_only_probability=1.0))
    assert mixture.snr_db == -np.inf and mixture.speaker == ""
    assert not mixture.clean.any() and mixture.noisy.any()


def test_speed_scales_the_known_bandwidth(cache: AudioCache) -> None:
    mixture = draw(cache, replace(BARE, speed_probability=1.0, speed_range=(1.2, 1.2)))
    assert mixture.bandwidth_hz == pytest.approx(1.2 * SPEECH_BANDWIDTH_HZ)


def test_low_pass_removes_and_masks_what_lies_above(cache: AudioCache) -> None:
    mixture = draw(cache, replace(BARE, low_pass_probability=1.0, low_pass_hz=(4000.0, 4000.0)))
    assert mixture.bandwidth_hz == pytest.approx(4000.0)
    assert level_above_db(mixture.noisy, 5200.0) < -55.0
    assert level_above_db(draw(cache, BARE).noisy, 5200.0) > -40.0


def test_clipping_changes_the_noisy_signal_and_spares_the_target(cache: AudioCache) -> None:
    clipped = draw(cache, replace(BARE, clipping_probability=1.0, clipping_db=(6.0, 6.0)))
    whole = draw(cache, replace(BARE, clipping_db=(6.0, 6.0)))
    assert np.array_equal(clipped.clean, whole.clean)
    peak = np.abs(whole.noisy.astype(int)).max()
    assert np.abs(clipped.noisy.astype(int)).max() == pytest.approx(peak / 2, rel=0.01)


def test_room_reaches_the_noisy_signal_more_than_the_target(cache: AudioCache) -> None:
    quiet = replace(BARE, main_snr_db=(90.0, 90.0), speed_probability=0.0)
    dry = draw(cache, replace(quiet, pause_seconds=(0.0, 0.0)))
    wet = draw(cache, replace(quiet, pause_seconds=(0.0, 0.0), room_probability=1.0))
    assert measured_snr_db(dry) > 60.0
    assert measured_snr_db(wet) < 35.0


def test_foreground_sounds_are_named_and_short(cache: AudioCache) -> None:
    recipe = replace(BARE, main_snr_db=(80.0, 80.0), second_noise_probability=0.0)
    recipe = replace(recipe, foreground_probability=1.0, foreground_count=(1, 1))
    mixture = draw(cache, recipe)
    assert mixture.noises[-1] == "animals" and len(mixture.noises) == 2
    loud = np.abs(mixture.noisy.astype(int) - mixture.clean) > 20
    assert 0.02 < loud.mean() < 1.0

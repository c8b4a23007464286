# SPDX-License-Identifier: Apache-2.0
"""Every figure of the situations reacts to the fault that it is there to show."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal

from host_tools.measure import situations, ten_minutes
from host_tools.measure.band_levels import CENTRES_HZ, band_changes_db
from host_tools.measure.situation import Figure, Samples, Situation, situation
from host_tools.measure.situation_audio import Material, music
from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache
from tests.network.recordings import make_cache

Part = Callable[..., Situation]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return Material(make_cache(tmp_path_factory.mktemp("recordings")), "test")


@pytest.fixture(autouse=True)
def short_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(situations, "WIDE_HZ", 0.0)
    monkeypatch.setattr(situations, "NOISE_SECONDS", 3.0)
    monkeypatch.setattr(situations, "MUSIC_SECONDS", 4.0)
    monkeypatch.setattr(ten_minutes, "ROUNDS", 2)
    monkeypatch.setattr(ten_minutes, "WARM_UP_SECONDS", 2.0)
    monkeypatch.setattr(ten_minutes, "OTHER_SECONDS", 1.0)
    monkeypatch.setattr(ten_minutes, "CLIP_SECONDS", 2.0)


def identity(audio: Samples) -> Samples:
    return audio


def half(audio: Samples) -> Samples:
    return (audio // 2).astype(np.int16)


def silence(audio: Samples) -> Samples:
    return np.zeros_like(audio)


def without_treble(audio: Samples) -> Samples:
    sections = signal.butter(8, 2000.0, fs=SAMPLE_RATE, output="sos")
    return np.rint(signal.sosfiltfilt(sections, audio.astype(float))).astype(np.int16)


def value(found: Situation, start: str) -> float:
    (figure,) = (figure for figure in found.figures if figure.name.startswith(start))
    assert figure.value is not None
    return figure.value


def test_untouched_speech_passes_and_a_lost_band_does_not(material: Material) -> None:
    kept = situations.clean_speech(identity, material)
    assert value(kept, "most attenuated") == pytest.approx(0.0, abs=0.01)
    assert value(kept, "first 30 ms") == pytest.approx(0.0, abs=0.01)
    lost = situations.clean_speech(without_treble, material)
    assert value(lost, "most attenuated") < -20.0 and lost.ok is False


def test_noise_that_stays_fails_and_silence_passes(material: Material) -> None:
    stays = situations.noise_only(half, material)
    assert value(stays, "attenuation") == pytest.approx(6.0, abs=0.2) and stays.ok is False
    assert situations.noise_only(silence, material).ok is True


def test_denoiser_that_forgets_passes_ten_minutes(material: Material) -> None:
    found = ten_minutes.ten_minutes(half, material)
    assert value(found, "differing") == 0 and found.ok is True


def test_denoiser_that_drifts_fails_ten_minutes(material: Material) -> None:
    def drifting(audio: Samples) -> Samples:
        gain = np.linspace(1.0, 0.7, len(audio))
        return np.rint(audio * gain).astype(np.int16)

    found = ten_minutes.ten_minutes(drifting, material)
    assert value(found, "differing") > 1000 and value(found, "spread of level") > 0.1
    assert found.ok is False


def test_music_is_the_same_every_time_and_fills_the_spectrum(material: Material) -> None:
    assert np.array_equal(music(4.0), music(4.0))
    found = situations.music_only(half, material)
    assert value(found, "change of level") == pytest.approx(-6.02, abs=0.1)
    assert value(found, "bands to 20000") == pytest.approx(-6.02, abs=0.2)


def test_missing_talkers_give_unknown_figures_and_no_crash(material: Material) -> None:
    found = situations.two_talkers(identity, material)
    assert found.ok is None and [f.value for f in found.figures] == [None] * 4


def test_all_situations_run_in_order(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    cache: AudioCache = material._cache
    found = situations.run_situations(half, cache, "test", lambda *_: None)
    assert [each.name for each in found] == [
        "clean_speech",
        "noise_only",
        "ten_minutes",
        "music",
        "two_talkers",
    ]


def test_band_changes_are_those_of_a_flat_gain() -> None:
    noise = np.random.default_rng(0).normal(0, 3000, SAMPLE_RATE).astype(np.int16)
    changes = band_changes_db([noise], [half(noise)])
    assert len(changes) == len(CENTRES_HZ) == 34
    assert np.allclose(changes, -6.02, atol=0.05)


@pytest.mark.parametrize(
    ("value", "kind", "ok"),
    [(5.0, ">=", True), (3.0, ">=", False), (3.0, "<=", True), (None, "<=", None)],
)
def test_limits_are_judged_and_unknown_values_are_not(
    value: float | None, kind: str, ok: bool | None
) -> None:
    figure = Figure("x", value, "", 4.0, kind)
    assert figure.ok is ok and situation("s", "t", [figure]).ok is ok

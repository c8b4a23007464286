# SPDX-License-Identifier: Apache-2.0
"""Systems that know the clean speech: its ideal answers, and the speech itself."""

from __future__ import annotations

import numpy as np
import pytest

from host_tools.measure.clip import load_clip
from host_tools.measure.evaluation_result import Samples
from host_tools.measure.peers.informed import IdealAnswers, InformedSystem
from host_tools.measure.peers.registry import SystemSpec, open_system
from host_tools.measure.quality import si_sdr_db
from tests.needs import need_build

RATE = 48_000


@pytest.fixture(scope="module")
def clip() -> tuple[Samples, Samples]:
    need_build("host", "libpercepnet_lab.so")
    loaded = load_clip()
    assert loaded.clean is not None
    return loaded.noisy[: 6 * RATE], loaded.clean[: 6 * RATE]


@pytest.fixture
def ideal() -> IdealAnswers:
    opened = open_system(SystemSpec("ideal", "percepnet", "host"))
    assert isinstance(opened, IdealAnswers)
    return opened


def si_sdr(clean: Samples, other: Samples) -> float:
    value = si_sdr_db(clean, other)
    assert value is not None
    return value


def test_they_come_nearer_to_the_clean_speech_than_the_network(
    ideal: IdealAnswers, clip: tuple[Samples, Samples]
) -> None:
    need_build("host", "percepnet_agent")
    noisy, clean = clip
    network = open_system(SystemSpec("percepnet", "percepnet", "host"))
    assert not isinstance(network, InformedSystem)
    reached = si_sdr(clean, network.denoise(noisy))
    network.close()
    bound = si_sdr(clean, ideal.denoise_knowing(noisy, clean))
    assert si_sdr(clean, noisy) + 3.0 < reached < bound


def test_clean_speech_passes_unchanged(ideal: IdealAnswers, clip: tuple[Samples, Samples]) -> None:
    clean = clip[1].astype(int)
    passed = ideal.denoise_knowing(clip[1], clip[1])
    assert np.abs(passed - clean).max() <= 1


def test_noise_without_speech_is_silenced(ideal: IdealAnswers) -> None:
    noise = np.random.default_rng(0).normal(0, 1000, RATE).astype(np.int16)
    assert np.abs(ideal.denoise_knowing(noise, np.zeros_like(noise))[RATE // 10 :]).max() <= 1


def test_clean_is_the_reference_itself(clip: tuple[Samples, Samples]) -> None:
    noisy, clean = clip
    opened = open_system(SystemSpec("clean", "percepnet", "host"))
    assert isinstance(opened, InformedSystem)
    assert np.array_equal(opened.denoise_knowing(noisy, clean), clean)


@pytest.mark.parametrize("samples", [100, 480, 12_345])
def test_length_is_kept(ideal: IdealAnswers, clip: tuple[Samples, Samples], samples: int) -> None:
    noisy, clean = clip
    cleaned = ideal.denoise_knowing(noisy[:samples], clean[:samples])
    assert cleaned.shape == (samples,) and cleaned.dtype == np.int16

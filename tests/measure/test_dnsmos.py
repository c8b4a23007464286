# SPDX-License-Identifier: Apache-2.0
"""DNSMOS agrees with its package and ranks clean above noisy speech."""

from __future__ import annotations

import importlib.util
import sys
import types

import numpy as np
import pytest
import soxr

from host_tools.measure.clip import load_clip
from host_tools.measure.dnsmos import DNSMOS_RATE_HZ, Dnsmos, dnsmos
from tests.needs import need

RATE = 48_000


@pytest.fixture(autouse=True)
def packages() -> None:
    present = all(importlib.util.find_spec(name) for name in ("speechmos", "onnxruntime"))
    need(present, "speechmos or onnxruntime is not installed (extra 'evaluate')")


def rated(samples: np.ndarray) -> Dnsmos:
    found = dnsmos(samples)
    assert found is not None
    return found


def test_clean_speech_is_rated_higher_than_noisy_speech() -> None:
    clip = load_clip()
    assert clip.clean is not None
    noisy, clean = rated(clip.noisy), rated(clip.clean)
    assert clean.background > noisy.background + 1.0
    assert clean.overall > noisy.overall + 0.5
    assert clean.speech > noisy.speech


def test_silence_has_no_rating() -> None:
    assert dnsmos(np.zeros(RATE, np.int16)) is None


@pytest.mark.parametrize("seconds", [3.0, 9.2, 11.7])
def test_ratings_are_those_of_the_package(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    # The package imports these for a score that is not used here.
    librosa, requests = types.ModuleType("librosa"), types.ModuleType("requests")
    requests.session = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "librosa", librosa)
    monkeypatch.setitem(sys.modules, "requests", requests)
    from speechmos import dnsmos as package

    monkeypatch.setattr(package.DNSMOS, "audio_melspec", lambda self, audio: np.zeros((900, 120)))
    clip = load_clip().noisy[: int(seconds * RATE)]
    low = soxr.resample(clip.astype(np.float32) / np.float32(32768), RATE, DNSMOS_RATE_HZ, "VHQ")
    wanted = package.run(low, DNSMOS_RATE_HZ)
    found = rated(clip)
    assert found.speech == pytest.approx(float(wanted["sig_mos"]), abs=1e-4)
    assert found.background == pytest.approx(float(wanted["bak_mos"]), abs=1e-4)
    assert found.overall == pytest.approx(float(wanted["ovrl_mos"]), abs=1e-4)

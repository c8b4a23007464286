# SPDX-License-Identifier: Apache-2.0
"""Quality metrics give their textbook values on signals made for it."""

from __future__ import annotations

import builtins
import importlib.util
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from host_tools.measure.clip import load_clip
from host_tools.measure.quality import pesq_wb, quality, si_sdr_db, stoi
from tests.needs import need

Samples = NDArray[np.int16]
RATE = 48_000


def need_quality_packages() -> None:
    present = all(importlib.util.find_spec(name) for name in ("pesq", "pystoi"))
    need(present, "pesq or pystoi is not installed (make setup)")


def tone(hz: float, level: float, seconds: float = 1.0) -> Samples:
    time = np.arange(int(RATE * seconds)) / RATE
    return np.round(level * np.sin(2 * np.pi * hz * time)).astype(np.int16)


@pytest.mark.parametrize("ratio_db", [-5.0, 0.0, 10.0, 30.0])
def test_si_sdr_of_a_tone_with_an_orthogonal_tone_is_their_level_ratio(ratio_db: float) -> None:
    clean = tone(400, 9000)
    disturbance = tone(1000, 9000 * 10 ** (-ratio_db / 20))
    assert si_sdr_db(clean, clean + disturbance) == pytest.approx(ratio_db, abs=0.02)


def test_si_sdr_does_not_depend_on_the_level_of_the_estimate() -> None:
    clean = tone(400, 8000)
    noisy = clean + tone(1000, 2000)
    quiet = np.round(noisy / 2).astype(np.int16)
    assert si_sdr_db(clean, quiet) == pytest.approx(si_sdr_db(clean, noisy) or 0.0, abs=0.02)


def test_si_sdr_is_unknown_for_silence_and_for_a_perfect_estimate() -> None:
    silence, clean = np.zeros(RATE, np.int16), tone(400, 8000)
    assert si_sdr_db(silence, clean) is None
    assert si_sdr_db(clean, silence) is None
    assert si_sdr_db(clean, clean) is None


def test_noise_lowers_every_metric_and_the_clean_clip_tops_them() -> None:
    need_quality_packages()
    clip = load_clip()
    assert clip.clean is not None
    clean, noisy = clip.clean[: 4 * RATE], clip.noisy[: 4 * RATE]
    milder = (clean.astype(np.int32) + (noisy.astype(np.int32) - clean) // 4).astype(np.int16)
    found = quality(clean, noisy, milder).metrics
    for name in ("si_sdr_db", "pesq_wb", "stoi"):
        assert (found[name].gain or 0.0) > 0.0, name
    assert (pesq_wb(clean, clean) or 0.0) > 4.5
    assert (stoi(clean, clean) or 0.0) > 0.99


def test_metrics_of_silence_are_unknown_and_say_so() -> None:
    need_quality_packages()
    silence = np.zeros(2 * RATE, np.int16)
    found = quality(silence, silence, silence)
    assert all(m.before is None and m.after is None for m in found.metrics.values())
    assert [note.split()[0] for note in found.notes] == ["si_sdr_db", "pesq_wb", "stoi"]


def test_a_metric_without_its_package_is_unknown_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real_import = builtins.__import__

    def without_pesq(name: str, *rest: Any, **options: Any) -> Any:
        if name == "pesq":
            raise ImportError("No module named 'pesq'", name="pesq")
        return real_import(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without_pesq)
    clean = tone(400, 8000, seconds=2.0)
    found = quality(clean, clean + tone(1000, 500, seconds=2.0), clean + tone(1000, 100, 2.0))
    assert found.metrics["pesq_wb"].before is None
    assert found.metrics["si_sdr_db"].gain == pytest.approx(20 * np.log10(5), abs=0.1)
    assert any("pesq is not installed" in note for note in found.notes)


def test_clips_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        quality(np.zeros(5, np.int16), np.zeros(5, np.int16), np.zeros(4, np.int16))

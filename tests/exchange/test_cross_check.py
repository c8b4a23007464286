# SPDX-License-Identifier: Apache-2.0
"""One model in every form: which agree, which limits they keep, and what is left out."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.exchange import runtime
from host_tools.exchange.cross_check import (
    C_LIBRARY,
    INTEGER,
    TFLITE,
    TORCH,
    cross_check,
    read_limits,
)
from host_tools.measure.clip import load_clip
from host_tools.network.checkpoint import random_checkpoint, save_checkpoint
from host_tools.network.profile import Profile
from tests.needs import need, need_build

SPEECH = slice(36_000, 36_000 + 480 * 60)


def has_runtime() -> bool:
    try:
        runtime.load_runtime()
    except Exception:
        return False
    return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    need_build("host", "libpercepnet_lab.so")
    need(has_runtime(), "no TFLite runtime: pip install -e '.[tflite]'")
    profile = Profile("small", fc=16, conv1=32, conv2=32, gru=32, gru_gb=32, gru_rb=16)
    save_checkpoint(random_checkpoint(profile, seed=5), tmp_path)
    return tmp_path


def checked(folder: Path) -> Any:
    return cross_check(folder, load_clip().noisy[SPEECH], lambda form: None)


def write_card(folder: Path, *rows: str) -> None:
    (folder / "card.md").write_text("| forms | output | limit |\n|---|---|---|\n" + "\n".join(rows))


def test_integer_model_and_c_library_are_equal_and_the_float_export_nearly(folder: Path) -> None:
    found = checked(folder)
    by_pair = {(d.first, d.second, d.output): d for d in found.distances}
    assert by_pair[INTEGER, C_LIBRARY, "gain"].largest == 0.0
    assert by_pair[INTEGER, C_LIBRARY, "voice"].largest == 0.0
    assert 0 < by_pair["float NumPy", INTEGER, "gain"].mean < 0.02
    assert by_pair["float NumPy", TFLITE["float32"], "gain"].largest < 1e-5
    assert by_pair[INTEGER, TFLITE["int8"], "gain"].mean < 0.03
    assert found.frames > 50


def test_a_distance_over_its_limit_in_the_card_is_told(folder: Path) -> None:
    write_card(
        folder,
        f"| {INTEGER} - {C_LIBRARY} | gain | 0 |",
        f"| float NumPy - {INTEGER} | gain | 1e-9 |",
    )
    found = checked(folder)
    over = [(d.first, d.second, d.output) for d in found.distances if d.ok is False]
    assert over == [("float NumPy", INTEGER, "gain")] and not found.ok
    assert sum(d.ok is True for d in found.distances) == 1


def test_a_limit_for_a_form_that_is_none_is_refused(folder: Path) -> None:
    write_card(folder, "| float NumPy - abacus | gain | 0.1 |")
    with pytest.raises(DataError, match=r"card\.md: limits for abacus, which is no form"):
        checked(folder)


def test_without_pytorch_that_form_is_left_out_and_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_torch(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == "torch":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    found = checked(folder)
    assert "pip install -e '.[train]'" in found.skipped[TORCH]
    assert all(TORCH not in (d.first, d.second) for d in found.distances)


@pytest.mark.parametrize("model", ["percepnet", "percepnet-sparse"])
def test_cards_of_shipped_models_state_limits(model: str) -> None:
    limits = read_limits(Path(__file__).parents[2] / "models" / model / "card.md")
    assert len(limits) == 15 and limits[INTEGER, C_LIBRARY, "gain"] == 0.0
    assert limits["float NumPy", TFLITE["float32"], "gain"] <= 1e-5
    assert np.isfinite(list(limits.values())).all()

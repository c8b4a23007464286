# SPDX-License-Identifier: Apache-2.0
"""The shipped model over held-out audio: distances that docs/tflite.md states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_tools.exchange.export_network import export_network
from host_tools.exchange.import_network import import_network
from host_tools.network.checkpoint import load_checkpoint
from tests.exchange.test_export import run_file, run_float, run_integer
from tests.needs import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("litert")]

MODEL = ROOT / "models" / "percepnet"


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    """Four seconds that no network was trained on."""
    from host_tools.audio import read_mono
    from host_tools.features import extract, lab_library_path
    from tests.needs import need

    need(lab_library_path().is_file(), "libpercepnet_lab is not built (make build)")
    return extract(read_mono(ROOT / "host_tools" / "data" / "demo_noisy.flac"))[:400]


def test_the_float_file_is_the_float_network(features: np.ndarray, tmp_path: Path) -> None:
    export_network(MODEL, tmp_path / "m.tflite")
    wanted = run_float(load_checkpoint(MODEL), features)
    assert np.abs(run_file(tmp_path / "m.tflite", features) - wanted).max() < 1e-5


@pytest.mark.parametrize(("precision", "limit"), [("dynamic-int8", 0.005), ("int8", 0.01)])
def test_int8_files_are_close_to_the_integer_network(
    features: np.ndarray, tmp_path: Path, precision: str, limit: float
) -> None:
    export_network(MODEL, tmp_path / "m.tflite", precision=precision)
    wanted = run_integer(load_checkpoint(MODEL), features)
    assert np.abs(run_file(tmp_path / "m.tflite", features) - wanted)[:, :34].mean() < limit


def test_every_file_of_the_shipped_model_gives_back_its_image(tmp_path: Path) -> None:
    for precision in ("dynamic-int8", "int8"):
        export_network(MODEL, tmp_path / "m.tflite", precision=precision)
        report = import_network(tmp_path / "m.tflite", tmp_path / precision, name="percepnet")
        assert report.image is not None
        assert Path(report.image).read_bytes() == (MODEL / "percepnet.pnm").read_bytes()

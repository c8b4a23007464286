# SPDX-License-Identifier: Apache-2.0
"""The network as ONNX computes the same in ONNX Runtime."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools.errors import MissingDependency, UsageError
from host_tools.exchange.export_network import METADATA_NAME, export_network
from host_tools.exchange.step import next_name
from host_tools.network.checkpoint import load_checkpoint
from host_tools.network.float_model import FloatNetwork
from tests.needs import need
from tests.quantize.models import plausible_features

pytestmark = pytest.mark.usefixtures("litert")


def run(path: Path, features: np.ndarray) -> tuple[np.ndarray, dict[str, str]]:
    """Gains [T, 34] frame by frame, and the metadata."""
    runtime: Any = importlib.import_module("onnxruntime")
    session = runtime.InferenceSession(path)
    states = {
        put.name: np.zeros(put.shape, np.float32)
        for put in session.get_inputs()
        if put.name != "features"
    }
    names = [given.name for given in session.get_outputs()]
    gains = []
    for frame in features:
        given = {"features": frame[None].astype(np.float32), **states}
        out = dict(zip(names, session.run(None, given), strict=True))
        states = {name: out[next_name(name)] for name in states}
        gains.append(out["gains"][0])
    return np.array(gains), session.get_modelmeta().custom_metadata_map


@pytest.mark.parametrize("model", ["small_folder", "odd_folder"])
def test_an_onnx_file_is_the_float_network_frame_by_frame(
    model: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for package, extra in (("onnx", "onnx"), ("onnxruntime", "evaluate")):
        found = importlib.util.find_spec(package) is not None
        need(found, f"{package} is not installed (pip install -e '.[{extra}]')")
    folder = request.getfixturevalue(model)
    report = export_network(folder, tmp_path / "m.onnx", format="onnx")
    features = plausible_features(100, 1)
    gains, metadata = run(tmp_path / "m.onnx", features)
    wanted = FloatNetwork(load_checkpoint(folder), np.float32).run(features).gain
    assert np.abs(gains - wanted).max() < 1e-5
    assert json.loads(metadata[METADATA_NAME])["model_digest"] == report.model_digest


def test_onnx_files_are_float32_only(small_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ONNX files are float32, not int8"):
        export_network(small_folder, tmp_path / "m.onnx", format="onnx", precision="int8")


def test_without_the_package_its_name_is_given(
    small_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingDependency, match=r"pip install -e '\.\[onnx\]'"):
        export_network(small_folder, tmp_path / "m.onnx", format="onnx")
    assert not list(tmp_path.iterdir())

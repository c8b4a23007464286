# SPDX-License-Identifier: Apache-2.0
"""The adapter of the TFLite runtimes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from host_tools.errors import DataError, MissingDependency
from host_tools.exchange.export_network import export_network
from host_tools.exchange.graph import Graph
from host_tools.exchange.runtime import Runner
from host_tools.network.checkpoint import load_checkpoint
from tests.exchange.keras_step import KerasOptions, KerasStep
from tests.quantize.models import plausible_features


def test_states_are_kept_and_reset_forgets_them(exported: Path) -> None:
    runner = Runner(exported)
    features = plausible_features(20, 1)
    first = [runner.step(frame)[0] for frame in features]
    later = [runner.step(frame)[0] for frame in features]
    runner.reset()
    again = [runner.step(frame)[0] for frame in features]
    np.testing.assert_array_equal(first, again)
    assert np.abs(np.array(first[:5]) - np.array(later[:5])).max() > 1e-3


def test_the_runner_names_its_runtime_with_version(exported: Path) -> None:
    name, version = Runner(exported).runtime.split()
    assert name in ("ai-edge-litert", "tflite-runtime")
    assert version[0].isdigit()


def test_features_of_another_length_are_refused(exported: Path) -> None:
    with pytest.raises(ValueError, match=r"must have shape \[70\]"):
        Runner(exported).step(np.zeros(69, np.int16))


def test_without_a_runtime_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("ai_edge_litert.interpreter", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependency, match=r"ai-edge-litert: .*pip install -e '\.\[tflite\]'"):
        Runner(tmp_path / "m.tflite")


def test_without_the_schema_the_extra_is_named(
    small_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.schema_py_generated", None)
    with pytest.raises(MissingDependency, match=r"pip install -e '\.\[tflite\]'"):
        export_network(small_folder, tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_named(litert: None, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.tflite: cannot be read"):
        Runner(tmp_path / "none.tflite")


def test_a_file_that_the_runtime_refuses_is_named_with_its_reason(
    litert: None, tmp_path: Path
) -> None:
    graph = Graph()
    x = graph.input("x", 4)
    weight = graph.constant("w", np.zeros((2, 5), np.float32))
    y = graph.fully_connected("y", x, weight, None)  # 5 columns for 4 inputs
    (tmp_path / "m.tflite").write_bytes(graph.to_file("step", {"y": y}, "", {}))
    with pytest.raises(DataError, match=r"m\.tflite: .*(litert|tflite).* refuses it: .+"):
        Runner(tmp_path / "m.tflite")


def test_a_file_without_our_signature_is_refused(
    litert: None, small_folder: Path, tmp_path: Path
) -> None:
    content = KerasStep(load_checkpoint(small_folder), KerasOptions()).file()
    (tmp_path / "keras.tflite").write_bytes(content)
    with pytest.raises(DataError, match="no tensor 'gains' in a signature 'step'"):
        Runner(tmp_path / "keras.tflite")

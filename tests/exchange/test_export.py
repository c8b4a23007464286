# SPDX-License-Identifier: Apache-2.0
"""Exported files compute the network, in every precision, and say what they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from host_tools import __version__
from host_tools.errors import DataError, UsageError
from host_tools.exchange.export_network import METADATA_NAME, export_network
from host_tools.exchange.runtime import Runner
from host_tools.exchange.tflite_file import read_tflite
from host_tools.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.quantize.image import digest, write_image
from host_tools.quantize.integer_model import IntegerNetwork
from host_tools.quantize.settle import settle_keys
from host_tools.quantize.weights import quantize_checkpoint
from tests.quantize.models import plausible_features

pytestmark = pytest.mark.usefixtures("litert")

FRAMES = 300
PORTABLE = {
    "FULLY_CONNECTED", "CONCATENATION", "TANH", "LOGISTIC", "MUL", "ADD", "SUB", "DIV", "MINIMUM",
    "MAXIMUM", "SLICE", "QUANTIZE", "DEQUANTIZE",
}  # fmt: skip


def run_file(path: Path, features: np.ndarray) -> np.ndarray:
    """[T, 69]: gains, strengths and voice frame by frame."""
    runner = Runner(path)
    return np.array([np.r_[g, s, v] for g, s, v in map(runner.step, features)])


def run_float(checkpoint: Checkpoint, features: np.ndarray) -> np.ndarray:
    out = FloatNetwork(checkpoint, np.float32).run(features)
    return np.concatenate([out.gain, out.strength, out.voice[:, None]], axis=1)


def run_integer(checkpoint: Checkpoint, features: np.ndarray) -> np.ndarray:
    out = IntegerNetwork(quantize_checkpoint(checkpoint)).run(features)
    joined = np.concatenate([out.gain_q15, out.strength_q15, out.voice_q15[:, None]], axis=1)
    return joined / 32768.0


@pytest.mark.parametrize("model", ["small_folder", "odd_folder"])
def test_a_float_file_is_the_float_network_frame_by_frame(
    model: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(model)
    export_network(folder, tmp_path / "m.tflite")
    features = plausible_features(FRAMES, 3)
    wanted = run_float(load_checkpoint(folder), features)
    assert np.abs(run_file(tmp_path / "m.tflite", features) - wanted).max() < 1e-5


@pytest.mark.parametrize(("precision", "limit"), [("dynamic-int8", 0.005), ("int8", 0.03)])
def test_an_int8_file_is_close_to_the_integer_network(
    small_folder: Path, tmp_path: Path, precision: str, limit: float
) -> None:
    export_network(small_folder, tmp_path / "m.tflite", precision=precision)
    features = plausible_features(FRAMES, 4)
    features = features[settle_keys(features) == 0]  # settling is left out of these files
    got = run_file(tmp_path / "m.tflite", features)
    wanted = run_integer(load_checkpoint(small_folder), features)
    assert np.abs(got - wanted).mean() < limit


@pytest.mark.parametrize("precision", ["float32", "dynamic-int8", "int8"])
def test_features_are_limited_inside_the_file(
    small_folder: Path, tmp_path: Path, precision: str
) -> None:
    export_network(small_folder, tmp_path / "m.tflite", precision=precision)
    checkpoint = load_checkpoint(small_folder)
    mean, std = checkpoint.tensors["feature_mean"], checkpoint.tensors["feature_std"]
    at_limit = Runner(tmp_path / "m.tflite").step(mean + 8 * std)
    beyond = Runner(tmp_path / "m.tflite").step(mean + 50 * std)
    np.testing.assert_allclose(at_limit[0], beyond[0], atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "dynamic-int8", "int8"])
def test_files_use_only_operators_that_every_runtime_has(
    small_folder: Path, tmp_path: Path, precision: str
) -> None:
    export_network(small_folder, tmp_path / "m.tflite", precision=precision)
    file = read_tflite(tmp_path / "m.tflite")
    assert {operator.name for operator in file.operators} <= PORTABLE


def test_int8_files_hold_the_int8_weights_of_the_image(small_folder: Path, tmp_path: Path) -> None:
    export_network(small_folder, tmp_path / "m.tflite", precision="int8")
    file = read_tflite(tmp_path / "m.tflite")
    stored = {t.name.removesuffix(".weight"): t.data for t in file.tensors if t.kind == "INT8"}
    model = quantize_checkpoint(load_checkpoint(small_folder))
    for name, matrix in model.matrices.items():
        np.testing.assert_array_equal(stored[name], matrix.weights)


def test_rows_of_zeros_can_be_exported(small_folder: Path, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(small_folder)
    checkpoint.tensors["conv2.weight"][7] = 0.0
    checkpoint.tensors["gru2.recurrent_weight"][:20] = 0.0
    save_checkpoint(checkpoint, tmp_path / "zeros")
    for precision in ("dynamic-int8", "int8"):
        report = export_network(tmp_path / "zeros", tmp_path / "m.tflite", precision=precision)
        assert report.difference is not None
        assert report.difference.mean < 0.01


def test_metadata_say_what_the_file_is(small_folder: Path, tmp_path: Path) -> None:
    report = export_network(small_folder, tmp_path / "m.tflite", precision="int8")
    about = json.loads(read_tflite(tmp_path / "m.tflite").metadata[METADATA_NAME])
    checkpoint = load_checkpoint(small_folder)
    assert about["model_digest"] == report.model_digest
    assert about["model_digest"] == digest(write_image(quantize_checkpoint(checkpoint)))
    assert (about["sample_rate_hz"], about["hop_samples"], about["bands"]) == (48000, 480, 34)
    assert about["look_ahead_frames"] == 2
    assert about["kit_version"] == __version__
    assert np.float32(about["features"]["std"]).tolist() == list(checkpoint.tensors["feature_std"])
    assert about["states"]["gru_rb_state"] == "gru_rb_state_next"


def test_the_same_checkpoint_gives_the_same_file(small_folder: Path, tmp_path: Path) -> None:
    export_network(small_folder, tmp_path / "a.tflite")
    export_network(small_folder, tmp_path / "b.tflite")
    assert (tmp_path / "a.tflite").read_bytes() == (tmp_path / "b.tflite").read_bytes()


def test_the_report_tells_the_distance_from_the_float_network(
    small_folder: Path, tmp_path: Path
) -> None:
    exact = export_network(small_folder, tmp_path / "m.tflite").difference
    rounded = export_network(small_folder, tmp_path / "m.tflite", precision="int8").difference
    assert exact is not None and rounded is not None
    assert exact.largest < 1e-5 < rounded.mean < 0.01


def test_unknown_formats_and_precisions_are_usage_errors(
    small_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="unknown format 'coreml'; there are: tflite, onnx"):
        export_network(small_folder, tmp_path / "m", format="coreml")
    with pytest.raises(UsageError, match="unknown precision 'int4'; there are: float32"):
        export_network(small_folder, tmp_path / "m", precision="int4")


def test_a_missing_checkpoint_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        export_network(tmp_path / "nothing", tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())

# SPDX-License-Identifier: Apache-2.0
"""Our own files come back as they were; files of Keras models come in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.exchange.export_network import export_network
from host_tools.exchange.import_network import ImportReport, import_network
from host_tools.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from host_tools.network.profile import format_profile
from host_tools.quantize.image import load_image, write_image
from host_tools.quantize.quantize import quantize
from host_tools.quantize.weights import quantize_checkpoint
from tests.exchange.keras_step import KerasOptions, KerasStep
from tests.quantize.models import ODD_KERNELS

pytestmark = pytest.mark.usefixtures("litert")


def import_keras(folder: Path, tmp_path: Path, options: KerasOptions) -> ImportReport:
    content = KerasStep(load_checkpoint(folder), options).file()
    (tmp_path / "keras.tflite").write_bytes(content)
    return import_network(
        tmp_path / "keras.tflite", tmp_path / "got", name="small", features_from=folder
    )


@pytest.mark.parametrize("precision", ["float32", "dynamic-int8", "int8"])
@pytest.mark.parametrize("model", ["small", "odd"])
def test_export_and_import_give_the_same_image(
    model: str, precision: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(f"{model}_folder")
    export_network(folder, tmp_path / "m.tflite", precision=precision)
    report = import_network(tmp_path / "m.tflite", tmp_path / "got", name=model)
    quantize(folder, None, tmp_path / "wanted.pnm")
    quantize(tmp_path / "got", None, tmp_path / "got.pnm")
    wanted = (tmp_path / "wanted.pnm").read_bytes()
    assert (tmp_path / "got.pnm").read_bytes() == wanted
    if precision == "float32":
        assert report.image is None
    else:
        assert report.image is not None
        assert Path(report.image).read_bytes() == wanted
    assert report.notes == []


def test_a_float_file_gives_back_every_tensor_of_the_checkpoint(
    small_folder: Path, tmp_path: Path
) -> None:
    export_network(small_folder, tmp_path / "m.tflite")
    import_network(tmp_path / "m.tflite", tmp_path / "got", name="small")
    got, wanted = load_checkpoint(tmp_path / "got"), load_checkpoint(small_folder)
    assert got.profile == wanted.profile
    for name, tensor in wanted.tensors.items():
        np.testing.assert_array_equal(got.tensors[name], tensor, err_msg=name)


@pytest.mark.parametrize("weights", ["float32", "float16"])
def test_a_keras_file_gives_the_checkpoint_that_it_was_made_of(
    small_folder: Path, tmp_path: Path, weights: str
) -> None:
    report = import_keras(small_folder, tmp_path, KerasOptions(weights=weights))
    got, wanted = load_checkpoint(tmp_path / "got"), load_checkpoint(small_folder)
    for name, tensor in wanted.tensors.items():
        np.testing.assert_array_equal(got.tensors[name], tensor, err_msg=name)
    assert report.difference is not None
    assert report.difference.largest < 1e-5


def test_int8_weights_with_a_scale_a_row_give_the_image_of_our_quantizer(
    small_folder: Path, tmp_path: Path
) -> None:
    report = import_keras(small_folder, tmp_path, KerasOptions(weights="int8"))
    wanted = write_image(quantize_checkpoint(load_checkpoint(small_folder)))
    assert report.image is not None
    assert Path(report.image).read_bytes() == wanted
    assert report.notes == []


def test_int8_weights_with_one_scale_are_kept_in_the_image(
    small_folder: Path, tmp_path: Path
) -> None:
    report = import_keras(small_folder, tmp_path, KerasOptions(weights="int8-tensor"))
    assert report.image is not None
    model = load_image(Path(report.image))
    weight = load_checkpoint(small_folder).tensors["gru2.input_weight"]
    scale = float(np.abs(weight).max()) / 127.0
    matrix = model.matrices["gru2.input"]
    np.testing.assert_array_equal(matrix.weights, np.rint(weight / scale))
    assert set(matrix.multiplier) == {round(scale / 127.0 * 2.0**40)}
    assert "'host_tools quantize' would round again: " in report.notes[0]
    assert "gru2.input" in report.notes[0]


def test_a_reset_before_the_matrix_is_named_for_each_gru(
    small_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        import_keras(small_folder, tmp_path, KerasOptions(reset_after=False))
    for gru in ("gru1", "gru2", "gru3", "gru_gb", "gru_rb"):
        assert f"{gru}: reset_after=False" in str(caught.value)
    assert not (tmp_path / "got").exists()


def test_gates_in_another_order_are_noticed_by_running_the_file(
    small_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"computes something else .* order of gates"):
        import_keras(small_folder, tmp_path, KerasOptions(gates="rzh"))
    assert not (tmp_path / "got").exists()


def test_another_activation_is_named_with_its_layer(small_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"fc: after 'model/fc/MatMul' comes RELU, .* has TANH"):
        import_keras(small_folder, tmp_path, KerasOptions(fc_activation="RELU"))


@pytest.mark.parametrize("state", ["gru2_state", "conv2_history"])
def test_a_state_that_is_not_given_out_is_named(
    small_folder: Path, tmp_path: Path, state: str
) -> None:
    layer = state.split("_")[0]
    wanted = rf"{layer}: its state is the input 'serving_default_{layer}_h:0', but no output"
    with pytest.raises(DataError, match=wanted):
        import_keras(small_folder, tmp_path, KerasOptions(without_output=state))


def test_without_normalisation_another_model_is_asked_for(
    small_folder: Path, tmp_path: Path
) -> None:
    content = KerasStep(load_checkpoint(small_folder), KerasOptions()).file()
    (tmp_path / "keras.tflite").write_bytes(content)
    with pytest.raises(DataError, match=r"no feature_mean and feature_std.*--features-from MODEL"):
        import_network(tmp_path / "keras.tflite", tmp_path / "got")


def test_sizes_that_differ_from_a_given_profile_are_named(
    small_folder: Path, tmp_path: Path
) -> None:
    export_network(small_folder, tmp_path / "m.tflite")
    (tmp_path / "odd.toml").write_text(format_profile(ODD_KERNELS))
    with pytest.raises(DataError, match=r"fc: 'fc\.weight' is 16 x 70, expected 32 x 70"):
        import_network(tmp_path / "m.tflite", tmp_path / "got", profile=tmp_path / "odd.toml")


def test_a_model_that_is_there_already_is_not_written_over(
    small_folder: Path, tmp_path: Path
) -> None:
    export_network(small_folder, tmp_path / "m.tflite")
    with pytest.raises(DataError, match="holds a checkpoint already"):
        import_network(tmp_path / "m.tflite", small_folder)


def test_weights_that_are_not_finite_are_named(small_folder: Path, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(small_folder)
    export_network(small_folder, tmp_path / "m.tflite")
    content = bytearray((tmp_path / "m.tflite").read_bytes())
    row = checkpoint.tensors["conv1.weight"][3].tobytes()
    start = content.index(row)
    content[start : start + 4] = np.float32(np.nan).tobytes()
    (tmp_path / "m.tflite").write_bytes(content)
    with pytest.raises(DataError, match=r"m\.tflite: conv1: 'conv1\.weight' .* not finite"):
        import_network(tmp_path / "m.tflite", tmp_path / "got")


def test_weights_of_minus_128_are_said_to_be_clipped(small_folder: Path, tmp_path: Path) -> None:
    export_network(small_folder, tmp_path / "m.tflite", precision="int8")
    content = bytearray((tmp_path / "m.tflite").read_bytes())
    model = quantize_checkpoint(load_checkpoint(small_folder))
    weights = model.matrices["gru3.input"].weights
    start = content.index(weights.tobytes())
    content[start + int(np.argmin(weights))] = 128
    (tmp_path / "m.tflite").write_bytes(content)
    report = import_network(tmp_path / "m.tflite", tmp_path / "got")
    assert report.notes == ["gru3.input: 1 weights of -128 are -127"]


def test_a_narrow_row_keeps_its_integers(small_folder: Path, tmp_path: Path) -> None:
    """Rows far below the others in size come through float16 unchanged."""
    checkpoint = load_checkpoint(small_folder)
    tensors = {name: tensor.copy() for name, tensor in checkpoint.tensors.items()}
    tensors["conv2.weight"][5] *= 1e-4
    save_checkpoint(Checkpoint(checkpoint.profile, tensors), tmp_path / "narrow")
    export_network(tmp_path / "narrow", tmp_path / "m.tflite", precision="int8")
    report = import_network(tmp_path / "m.tflite", tmp_path / "got", name="small")
    wanted = write_image(quantize_checkpoint(load_checkpoint(tmp_path / "narrow")))
    assert report.image is not None
    assert Path(report.image).read_bytes() == wanted

# SPDX-License-Identifier: Apache-2.0
"""PyTorch's names and gate order become ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from host_tools.errors import DataError
from host_tools.exchange.import_network import import_network
from host_tools.network.checkpoint import Checkpoint, load_checkpoint
from host_tools.quantize.image import write_image
from host_tools.quantize.weights import quantize_checkpoint

Tensors = dict[str, npt.NDArray[np.generic]]


def gates(tensor: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """z, r, n to PyTorch's r, z, n."""
    z, r, n = np.split(tensor, 3)
    return np.concatenate([r, z, n])


def pytorch_names(checkpoint: Checkpoint, suffix: str = "_l0", prefix: str = "") -> Tensors:
    """The state dict of nn.Linear, nn.Conv1d and nn.GRU (or nn.GRUCell) modules."""
    profile, found = checkpoint.profile, {}
    kernels = {"conv1": profile.conv1_kernel, "conv2": profile.conv2_kernel}
    for name, tensor in checkpoint.tensors.items():
        layer, _, part = name.partition(".")
        if part == "weight" and layer in kernels:
            split = tensor.reshape(len(tensor), kernels[layer], -1)
            found[name] = np.ascontiguousarray(split.transpose(0, 2, 1))
        elif "_" in part:
            side, kind = part.split("_")
            pytorch_side = {"input": "ih", "recurrent": "hh"}[side]
            found[f"{layer}.{kind}_{pytorch_side}{suffix}"] = gates(tensor)
        elif not name.startswith("feature"):
            found[name] = tensor
    return {prefix + name: np.ascontiguousarray(value) for name, value in found.items()}


def write(path: Path, tensors: Tensors) -> Path:
    from safetensors.numpy import save_file

    save_file(tensors, path)
    return path


@pytest.mark.parametrize(("suffix", "prefix"), [("_l0", ""), ("", "module."), ("_l0", "model.")])
def test_pytorch_modules_give_the_checkpoint_that_they_compute(
    small_folder: Path, tmp_path: Path, suffix: str, prefix: str
) -> None:
    wanted = load_checkpoint(small_folder)
    file = write(tmp_path / "m.safetensors", pytorch_names(wanted, suffix, prefix))
    report = import_network(file, tmp_path / "got", name="small", features_from=small_folder)
    got = load_checkpoint(tmp_path / "got")
    assert got.profile == wanted.profile
    for name, tensor in wanted.tensors.items():
        np.testing.assert_array_equal(got.tensors[name], tensor, err_msg=name)
    assert report.notes == ["a state dict has no activations: tanh and sigmoid are assumed"]


def test_our_own_checkpoint_comes_in_with_its_normalisation(
    odd_folder: Path, tmp_path: Path
) -> None:
    import_network(odd_folder / "checkpoint.safetensors", tmp_path / "got", name="odd")
    got, wanted = load_checkpoint(tmp_path / "got"), load_checkpoint(odd_folder)
    assert write_image(quantize_checkpoint(got)) == write_image(quantize_checkpoint(wanted))


def test_layers_inside_sequential_modules_are_found(small_folder: Path, tmp_path: Path) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    for name in ("fc.weight", "fc.bias", "conv1.weight", "conv1.bias"):
        tensors[name.replace(".", ".0.")] = tensors.pop(name)
    file = write(tmp_path / "m.safetensors", tensors)
    import_network(file, tmp_path / "got", features_from=small_folder)
    assert load_checkpoint(tmp_path / "got").profile.name == "got"


def test_rounding_to_float16_is_said(small_folder: Path, tmp_path: Path) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    tensors["gru1.weight_hh_l0"] = tensors["gru1.weight_hh_l0"] * np.float32(1.0001)
    file = write(tmp_path / "m.safetensors", tensors)
    report = import_network(file, tmp_path / "got", features_from=small_folder)
    assert report.notes[1:] == ["weights rounded to float16: gru1.recurrent"]


def refused(small_folder: Path, tmp_path: Path, tensors: Tensors) -> str:
    """The message about a state dict that cannot be imported; nothing is written."""
    file = write(tmp_path / "m.safetensors", tensors)
    with pytest.raises(DataError) as caught:
        import_network(file, tmp_path / "got", features_from=small_folder)
    assert not (tmp_path / "got").exists()
    assert str(caught.value).startswith(f"{file}: ")
    return str(caught.value)


def test_missing_and_unknown_tensors_are_named(small_folder: Path, tmp_path: Path) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    del tensors["gru2.bias_hh_l0"]
    tensors["gru2.weight_ih_l0_reverse"] = tensors["gru2.weight_ih_l0"]
    message = refused(small_folder, tmp_path, tensors)
    assert "missing gru2.recurrent_bias; unknown gru2.weight_ih_l0_reverse" in message


def test_tensors_that_come_twice_are_named(small_folder: Path, tmp_path: Path) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    tensors["module.fc.bias"] = tensors["fc.bias"]
    assert "comes twice" in refused(small_folder, tmp_path, tensors)


def test_wrong_shapes_are_named_with_what_was_expected(small_folder: Path, tmp_path: Path) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    tensors["fc_gb.weight"] = tensors["fc_gb.weight"][:34]
    tensors["fc_rb.bias"] = tensors["fc_rb.bias"][:33]
    message = refused(small_folder, tmp_path, tensors)
    assert "fc_gb: 'fc_gb.weight' is 34 x 192, expected 35 x 192" in message
    assert "fc_rb: the bias of 'fc_rb.weight' has 33 values, expected 34" in message


def test_grus_of_different_widths_are_named(small_folder: Path, tmp_path: Path) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    tensors["gru2.weight_hh_l0"] = np.zeros((48, 16), np.float32)
    message = refused(small_folder, tmp_path, tensors)
    assert "gru2.recurrent: 'gru2.weight_hh_l0' is 48 x 16, expected 96 x 32" in message


def test_matrices_that_are_none_are_named(small_folder: Path, tmp_path: Path) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    tensors["fc.weight"] = tensors["fc.weight"][:, :, None]
    message = refused(small_folder, tmp_path, tensors)
    assert "tensor 'fc.weight' is float32 [16, 70, 1], expected floating point with 2" in message


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_named(
    small_folder: Path, tmp_path: Path, value: float
) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    tensors["gru3.weight_ih_l0"] = tensors["gru3.weight_ih_l0"].copy()
    tensors["gru3.weight_ih_l0"][0, 0] = value
    message = refused(small_folder, tmp_path, tensors)
    assert "gru3.input: 'gru3.weight_ih_l0' holds values that are not finite" in message


def test_weights_beyond_float16_are_named(small_folder: Path, tmp_path: Path) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    tensors["conv2.weight"] = tensors["conv2.weight"] * np.float32(1e6)
    message = refused(small_folder, tmp_path, tensors)
    assert "conv2: 'conv2.weight' has weights above 65504" in message


def test_widths_that_the_library_does_not_have_are_refused(
    small_folder: Path, tmp_path: Path
) -> None:
    tensors = pytorch_names(load_checkpoint(small_folder))
    tensors["gru_rb.weight_ih_l0"] = np.zeros((3 * 20, 80), np.float32)
    tensors["gru_rb.weight_hh_l0"] = np.zeros((3 * 20, 20), np.float32)
    for side in ("ih", "hh"):
        tensors[f"gru_rb.bias_{side}_l0"] = np.zeros(3 * 20, np.float32)
    tensors["fc_rb.weight"] = np.zeros((34, 20), np.float32)
    message = refused(small_folder, tmp_path, tensors)
    assert "gru_rb = 20 must be a multiple of 16" in message


def test_a_damaged_safetensors_is_named(small_folder: Path, tmp_path: Path) -> None:
    content = (small_folder / "checkpoint.safetensors").read_bytes()
    (tmp_path / "m.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"m\.safetensors: cannot be read"):
        import_network(tmp_path / "m.safetensors", tmp_path / "got")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.pt: cannot be read"):
        import_network(tmp_path / "none.pt", tmp_path / "got")

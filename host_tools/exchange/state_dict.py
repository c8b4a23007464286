# SPDX-License-Identifier: Apache-2.0
"""A PyTorch state dict or .safetensors of this topology as layers.

PyTorch stacks the gates of a GRU as r, z, n; ours are z, r, n. Its GRUs are reset-after, as ours.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError, MissingDependency
from host_tools.exchange.layers import Layer, Normalisation, tensor_names
from host_tools.quantize.model import MATRIX_NAMES

Tensors = dict[str, npt.NDArray[np.generic]]

NESTED = ("state_dict", "model_state_dict", "model")
"""Where training scripts put the state dict in a larger dictionary."""
WRAPPERS = ("module.", "_orig_mod.", "model.", "network.", "dense.", "gru.")
"""Prefixes of data-parallel and compiled modules, and of host_tools.network.torch_model."""
PYTORCH_GRU = re.compile(r"(\w+)\.(weight|bias)_(ih|hh)(?:_l0)?$")
INSIDE_SEQUENTIAL = re.compile(r"\.0\.(weight|bias)$")


def read_state_dict(path: Path) -> Tensors:
    """Tensors by name. DataError when the file is damaged or holds code, not only tensors."""
    if not path.is_file():
        raise DataError(f"{path}: cannot be read (no such file)")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return _read_torch(path)


def find_layers(path: Path, tensors: Tensors) -> tuple[dict[str, Layer], Normalisation | None]:
    """Layers by matrix name, and the normalisation if it is there.

    DataError names each tensor that is missing, unknown or not a matrix where one is needed.
    """
    ours = {_plain(name): (name, value) for name, value in tensors.items()}
    if len(ours) < len(tensors):
        kept = {name for name, _ in ours.values()}
        raise DataError(
            f"{path}: {', '.join(n for n in tensors if n not in kept)} comes twice under two names"
        )
    wanted = [name for matrix in MATRIX_NAMES for name in tensor_names(matrix)]
    known = {*wanted, "feature_mean", "feature_std"}
    missing = [name for name in wanted if name not in ours]
    extra = [original for name, (original, _) in ours.items() if name not in known]
    problems = [f"missing {', '.join(missing)}"] if missing else []
    problems += [f"unknown {', '.join(extra)}"] if extra else []
    if problems:
        raise DataError(f"{path}: not this network: {'; '.join(problems)}")
    layers = {matrix: _layer(path, matrix, ours) for matrix in MATRIX_NAMES}
    return layers, _normalisation(ours)


def _read_safetensors(path: Path) -> Tensors:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read ({error!r}); copy or convert it again") from error


def _read_torch(path: Path) -> Tensors:
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError as error:
        raise MissingDependency(
            f"{path}: .pt files need PyTorch, .safetensors do not: pip install -e '.[train]'"
        ) from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what pickle, zip files and its own code raise
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(
            f"{path}: not a state dict ({first}); save it with torch.save(module.state_dict(), ...)"
        ) from error
    for key in NESTED:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not all(map(torch.is_tensor, content.values())):
        raise DataError(f"{path}: holds {type(content).__name__}, expected a state dict of tensors")
    dense = {str(name): value.detach() for name, value in content.items()}
    for name, value in dense.items():
        if not value.is_floating_point() or value.is_sparse:
            raise DataError(f"{path}: tensor {name!r} is {value.dtype}, expected floating point")
    return {name: value.float().numpy() for name, value in dense.items()}


def _plain(name: str) -> str:
    """A name of the checkpoint where the tensor has one, else the name without prefixes."""
    while (short := next((p for p in WRAPPERS if name.startswith(p)), None)) is not None:
        name = name.removeprefix(short)
    name = INSIDE_SEQUENTIAL.sub(r".\1", name)
    match = PYTORCH_GRU.match(name)
    if match is None:
        return name
    gru, kind, side = match.groups()
    return f"{gru}.{'input' if side == 'ih' else 'recurrent'}_{kind}"


def _layer(
    path: Path, matrix: str, ours: Mapping[str, tuple[str, npt.NDArray[np.generic]]]
) -> Layer:
    names = tensor_names(matrix)
    (original, weight), (bias_name, bias) = (ours[name] for name in names)
    if weight.ndim == 3 and matrix.startswith("conv"):
        # Conv1d has [units, inputs, frames], oldest frame first
        weight = weight.transpose(0, 2, 1).reshape(len(weight), -1)
    for name, value, dimensions in ((original, weight, 2), (bias_name, bias, 1)):
        if value.ndim != dimensions or not np.issubdtype(value.dtype, np.floating):
            raise DataError(
                f"{path}: tensor {name!r} is {value.dtype} {list(value.shape)}, expected floating "
                f"point with {dimensions} dimension(s)"
            )
    if PYTORCH_GRU.search(original):
        weight, bias = _to_our_gates(weight), _to_our_gates(bias)
    return Layer(weight.astype(np.float32), bias.astype(np.float32), original)


def _to_our_gates(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """r, z, n to z, r, n."""
    units = len(values) // 3
    order = np.r_[units : 2 * units, :units, 2 * units : len(values)]
    return values[order]


def _normalisation(
    ours: Mapping[str, tuple[str, npt.NDArray[np.generic]]],
) -> Normalisation | None:
    if "feature_mean" not in ours or "feature_std" not in ours:
        return None
    mean, std = (ours[name][1].astype(np.float32) for name in ("feature_mean", "feature_std"))
    return Normalisation(mean, std)

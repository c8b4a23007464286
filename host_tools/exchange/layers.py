# SPDX-License-Identifier: Apache-2.0
"""What an import collects: weights and biases of the 15 matrices, and their sizes as a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.network.checkpoint import Checkpoint, CheckpointError
from host_tools.network.profile import Profile
from host_tools.quantize.image import check_profile
from host_tools.quantize.model import GRU_NAMES, MATRIX_NAMES, Int8Array, matrix_shapes
from host_tools.quantize.weights import WEIGHT_LIMIT, quantize_checkpoint

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """int8 weights of a matrix [rows, columns] and the scale of each row [rows], 0 for zeros."""

    weights: Int8Array
    scales: DoubleArray
    clipped: int = 0
    """Weights of -128 that became -127, which is all that the kernels take."""


@dataclass(frozen=True)
class Layer:
    """One matrix [rows, columns] in our order of gates, its bias [rows], and where it came from."""

    weight: FloatArray
    bias: FloatArray
    origin: str
    levels: Levels | None = None


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of the 70 features."""

    mean: FloatArray
    std: FloatArray


def exact_scale(scale: float) -> float:
    """The scale before it was rounded to float32.

    A checkpoint's weights are float16, so its scales are a float16 number / 127; any scale that
    is one of those as float32 is taken for it, which changes it by less than float32 can say.
    """
    with np.errstate(over="ignore"):
        largest = float(np.float16(scale * WEIGHT_LIMIT))
    exact = largest / WEIGHT_LIMIT
    return exact if np.float32(exact) == np.float32(scale) else scale


def make_levels(weights: Int8Array, scales: DoubleArray) -> Levels:
    """Levels as the image holds them: within +-127, scale 0 for a row of zeros."""
    exact = np.array([exact_scale(float(scale)) for scale in scales])
    exact[~np.any(weights, axis=1)] = 0.0
    clipped = int(np.count_nonzero(weights < -WEIGHT_LIMIT))
    return Levels(np.maximum(weights, -WEIGHT_LIMIT), exact, clipped)


def tensor_names(matrix: str) -> tuple[str, str]:
    """Names of weight and bias in a checkpoint."""
    if "." not in matrix:
        return f"{matrix}.weight", f"{matrix}.bias"
    gru, side = matrix.split(".")
    return f"{gru}.{side}_weight", f"{gru}.{side}_bias"


def infer_profile(name: str, layers: Mapping[str, Layer], origin: str) -> Profile:
    """Sizes from the shapes of the matrices. DataError names every matrix that does not fit."""
    rows = {matrix: len(layer.weight) for matrix, layer in layers.items()}
    columns = {matrix: layer.weight.shape[1] for matrix, layer in layers.items()}
    units = {gru: columns[f"{gru}.recurrent"] for gru in GRU_NAMES}
    profile = Profile(
        name,
        fc=rows["fc"],
        conv1=rows["conv1"],
        conv2=rows["conv2"],
        gru=units["gru1"],
        gru_gb=units["gru_gb"],
        gru_rb=units["gru_rb"],
        conv1_kernel=max(columns["conv1"] // rows["fc"], 1),
        conv2_kernel=max(columns["conv2"] // rows["conv1"], 1),
    )
    check_shapes(profile, layers, origin)
    return profile


def check_shapes(profile: Profile, layers: Mapping[str, Layer], origin: str) -> None:
    """Raise DataError that names each matrix of another shape than the profile has."""
    problems = []
    for matrix, shape in matrix_shapes(profile).items():
        layer = layers[matrix]
        if layer.weight.shape != (shape.rows, shape.columns):
            problems.append(
                f"{matrix}: {layer.origin!r} is {_size(layer.weight)}, "
                f"expected {shape.rows} x {shape.columns}"
            )
        elif layer.bias.shape != (shape.rows,):
            problems.append(
                f"{matrix}: the bias of {layer.origin!r} has {layer.bias.size} values, "
                f"expected {shape.rows}"
            )
        elif not (np.isfinite(layer.weight).all() and np.isfinite(layer.bias).all()):
            problems.append(f"{matrix}: {layer.origin!r} holds values that are not finite")
        elif np.abs(layer.weight).max(initial=0.0) > np.finfo(np.float16).max:
            problems.append(f"{matrix}: {layer.origin!r} has weights above 65504")
    if problems:
        raise DataError(f"{origin}: {'; '.join(problems)}")
    try:
        check_profile(profile)
    except DataError as error:
        raise DataError(f"{origin}: {error}") from error


def make_checkpoint(
    profile: Profile,
    layers: Mapping[str, Layer],
    normalisation: Normalisation,
    metadata: dict[str, str],
    origin: str,
) -> Checkpoint:
    """The checkpoint of checked layers. DataError when it holds what cannot be quantized."""
    tensors = {"feature_mean": normalisation.mean, "feature_std": normalisation.std}
    for matrix in MATRIX_NAMES:
        weight, bias = tensor_names(matrix)
        tensors[weight], tensors[bias] = layers[matrix].weight, layers[matrix].bias
    try:
        checkpoint = Checkpoint(profile, tensors, metadata)
        quantize_checkpoint(checkpoint)
    except (CheckpointError, DataError) as error:
        raise DataError(f"{origin}: {error}") from error
    return checkpoint


def _size(weight: FloatArray) -> str:
    return " x ".join(str(size) for size in weight.shape)

# SPDX-License-Identifier: Apache-2.0
"""Float checkpoint to int8 weights with one scale per output row.

w = w8 * s, s = max|w| / 127 of the row. With int8 inputs x = x8 / 127 the pre-activation in Q12
is acc * s / 127 * 2^12, which C computes as mul_q31(acc << 3, multiplier) with a Q28 multiplier;
the first layer has Q12 inputs, so there it is mul_q31(acc, s in Q31).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.network.checkpoint import Checkpoint
from host_tools.quantize.model import (
    FEATURE_SCALE_SHIFT,
    GRU_NAMES,
    MAX_BIAS_Q12,
    Int8Array,
    Int16Array,
    Int32Array,
    QuantizedMatrix,
    QuantizedModel,
)

FloatArray = npt.NDArray[np.floating]

WEIGHT_LIMIT = 127
BIAS_ONE = 4096.0  # Q12
S8_MULTIPLIER_ONE = 2.0**40 / 127.0  # 2^12 (Q12) * 2^28 (Q28) / 127 (x8)
FIRST_LAYER_MULTIPLIER_ONE = 2.0**31


def quantize_rows(weight: FloatArray) -> tuple[Int8Array, npt.NDArray[np.float64]]:
    """int8 weights and the scale of each row, so that weight is about w8 * scale[:, None]."""
    exact = weight.astype(np.float64)
    scale = np.abs(exact).max(axis=1) / WEIGHT_LIMIT
    divisor = np.where(scale > 0, scale, 1.0)
    w8 = np.clip(np.rint(exact / divisor[:, None]), -WEIGHT_LIMIT, WEIGHT_LIMIT)
    return w8.astype(np.int8), scale


def _multiplier(name: str, scale: npt.NDArray[np.float64], one: float) -> Int32Array:
    multiplier = np.rint(scale * one)
    worst = int(np.argmax(multiplier))
    if multiplier[worst] >= 2.0**31:
        largest = scale[worst] * WEIGHT_LIMIT
        limit = 2.0**31 / one * WEIGHT_LIMIT
        raise DataError(
            f"{name}: row {worst} has a weight of {largest:.3g}, above the limit {limit:.3g}; "
            "train with a smaller weight limit"
        )
    return multiplier.astype(np.int32)


def _bias(name: str, bias: FloatArray) -> Int32Array:
    bias_q12 = np.rint(bias.astype(np.float64) * BIAS_ONE)
    if np.abs(bias_q12).max(initial=0.0) > MAX_BIAS_Q12:
        raise DataError(f"{name}: a bias is above {MAX_BIAS_Q12 / BIAS_ONE:.0f}; train it again")
    return bias_q12.astype(np.int32)


def _matrix(
    name: str, weight: FloatArray, bias: FloatArray, one: float = S8_MULTIPLIER_ONE
) -> QuantizedMatrix:
    w8, scale = quantize_rows(weight)
    return QuantizedMatrix(w8, _multiplier(name, scale, one), _bias(name, bias))


def _gru(name: str, tensors: dict[str, npt.NDArray[np.float32]]) -> dict[str, QuantizedMatrix]:
    """Both sides; the input side takes the summed biases of the gates z and r."""
    input_bias = tensors[f"{name}.input_bias"].astype(np.float64)
    recurrent_bias = tensors[f"{name}.recurrent_bias"].astype(np.float64)
    units = len(input_bias) // 3
    input_bias[: 2 * units] += recurrent_bias[: 2 * units]
    weights = {side: tensors[f"{name}.{side}_weight"] for side in ("input", "recurrent")}
    return {
        f"{name}.input": _matrix(f"{name}.input", weights["input"], input_bias),
        f"{name}.recurrent": _matrix(
            f"{name}.recurrent", weights["recurrent"], recurrent_bias[2 * units :]
        ),
    }


def _features(tensors: dict[str, npt.NDArray[np.float32]]) -> tuple[Int16Array, Int32Array]:
    mean = np.rint(tensors["feature_mean"].astype(np.float64))
    if np.abs(mean).max() > 32767:
        raise DataError("feature_mean: a value is outside int16; compute the statistics again")
    scale = np.rint(BIAS_ONE / tensors["feature_std"].astype(np.float64) * 2**FEATURE_SCALE_SHIFT)
    if scale.max() >= 2.0**31:
        worst = int(np.argmax(scale))
        raise DataError(
            f"feature_std: feature {worst} has a deviation of "
            f"{float(tensors['feature_std'][worst]):.3g}, below 2; it carries no information"
        )
    return mean.astype(np.int16), scale.astype(np.int32)


def quantize_checkpoint(checkpoint: Checkpoint) -> QuantizedModel:
    """Quantize every matrix of a checkpoint. Raises DataError when a value does not fit."""
    tensors = checkpoint.tensors
    matrices = {
        name: _matrix(name, tensors[f"{name}.weight"], tensors[f"{name}.bias"])
        for name in ("conv1", "conv2", "fc_gb", "fc_rb")
    }
    matrices["fc"] = _matrix(
        "fc", tensors["fc.weight"], tensors["fc.bias"], FIRST_LAYER_MULTIPLIER_ONE
    )
    for name in GRU_NAMES:
        matrices.update(_gru(name, tensors))
    mean, scale = _features(tensors)
    return QuantizedModel(checkpoint.profile, mean, scale, matrices)

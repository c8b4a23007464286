# SPDX-License-Identifier: Apache-2.0
"""The model image of imported int8 weights: the very numbers of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from host_tools.errors import DataError
from host_tools.exchange.layers import Layer
from host_tools.network.checkpoint import Checkpoint
from host_tools.quantize.model import QuantizedMatrix, QuantizedModel
from host_tools.quantize.weights import (
    FIRST_LAYER_MULTIPLIER_ONE,
    S8_MULTIPLIER_ONE,
    quantize_checkpoint,
)


def exact_model(checkpoint: Checkpoint, layers: Mapping[str, Layer]) -> QuantizedModel:
    """The quantized network with int8 weights and scales of the layers that have them."""
    model = quantize_checkpoint(checkpoint)
    matrices = {name: _exact(name, matrix, layers[name]) for name, matrix in model.matrices.items()}
    return replace(model, matrices=matrices)


def rounded_again(checkpoint: Checkpoint, model: QuantizedModel) -> list[str]:
    """Matrices that quantizing the checkpoint would make different from those of the model."""
    quantized = quantize_checkpoint(checkpoint)
    return [
        name
        for name, matrix in model.matrices.items()
        if np.any(matrix.weights != quantized.matrices[name].weights)
        or np.any(matrix.multiplier != quantized.matrices[name].multiplier)
    ]


def _exact(name: str, matrix: QuantizedMatrix, layer: Layer) -> QuantizedMatrix:
    if layer.levels is None:
        return matrix
    one = FIRST_LAYER_MULTIPLIER_ONE if name == "fc" else S8_MULTIPLIER_ONE
    multiplier = np.rint(layer.levels.scales * one)
    if multiplier.max(initial=0.0) >= 2.0**31 or multiplier.min(initial=0.0) < 0:
        raise DataError(
            f"{name}: {layer.origin!r} has scales of {layer.levels.scales.min():.3g} to "
            f"{layer.levels.scales.max():.3g}, expected 0 to {2.0**31 / one:.3g}"
        )
    return replace(matrix, weights=layer.levels.weights, multiplier=multiplier.astype(np.int32))

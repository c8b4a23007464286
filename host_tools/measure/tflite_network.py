# SPDX-License-Identifier: Apache-2.0
"""The network that LiteRT runs: a model exported to TFLite, and proof that it is that model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.exchange.export_network import tflite_file
from host_tools.features import BANDS
from host_tools.generate.model_file import ModelFile, find_model, model_path
from host_tools.measure.validity import Rule
from host_tools.network.checkpoint import load_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.quantize.image import digest, write_image
from host_tools.quantize.weights import quantize_checkpoint

PRECISION = "int8"
MAX_GAIN_ERROR = 0.03
"""Largest mean difference of gains and strengths (0 to 1) from the float network."""


@dataclass(frozen=True)
class Network:
    """A model as a TFLite file, and the float network that both came from."""

    image: ModelFile
    file: bytes
    floats: FloatNetwork


def exported(model: str) -> Network:
    """The int8 network of a model as a TFLite file.

    Raises UsageError (no such model) and DataError (no checkpoint, or not that of the image).
    """
    image = find_model(model)
    folder = model_path(model).parent
    checkpoint = load_checkpoint(folder)
    if digest(write_image(quantize_checkpoint(checkpoint))) != image.digest:
        raise DataError(
            f"{folder}: the checkpoint is not that of {model_path(model).name}; "
            "make the image anew with: host_tools quantize"
        )
    file = tflite_file(checkpoint, PRECISION, image.digest)
    return Network(image, file, FloatNetwork(checkpoint, np.float32))


def same_network_rule(
    network: Network, features: NDArray[np.int16], answers: NDArray[np.float32]
) -> Rule:
    """LiteRT computed this model: its answers are near those of the float network."""
    network.floats.reset()
    out = network.floats.run(features[: len(answers)])
    wanted = np.concatenate([out.gain, out.strength], axis=1)
    error = float(np.abs(answers[:, : 2 * BANDS] - wanted).mean())
    return Rule(
        "same_network",
        error <= MAX_GAIN_ERROR,
        f"gains and strengths differ from the float network by {error:.4f} on average, "
        f"{MAX_GAIN_ERROR} allowed",
    )

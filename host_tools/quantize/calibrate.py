# SPDX-License-Identifier: Apache-2.0
"""What quantization costs: integer network against float network on the same features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from host_tools.network.checkpoint import Checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.quantize.integer_model import IntegerNetwork, IntegerOutput
from host_tools.quantize.model import Int16Array, QuantizedMatrix, QuantizedModel
from host_tools.quantize.sparse import block_density, stored_size

Real = npt.NDArray[np.floating]

LAYERS = ("fc", "conv1", "conv2", "gru1", "gru2", "gru3", "gru_gb", "gru_rb", "fc_gb", "fc_rb")


@dataclass(frozen=True)
class LayerReport:
    """One layer's output on the calibration audio."""

    name: str
    signal_to_noise_db: float
    """Power of the float output over power of the difference."""
    saturated: int
    """Arguments of tanh outside +-8 and of sigmoid outside +-16; harmless for tanh."""
    values: int
    """Outputs in all."""


@dataclass(frozen=True)
class MatrixReport:
    """One matrix after quantization."""

    name: str
    rows: int
    columns: int
    signal_to_noise_db: float
    """Power of the float weights over power of the rounding error."""
    rms_level: float
    """Root mean square of the int8 weights; 127 would be full use of every weight."""
    zeros: float
    """Share of weights that became 0."""
    levels: int
    """Of the 255 int8 values, how many occur."""
    density: float
    """Share of the blocks of 16 rows x 4 columns that are not all zero."""
    stored_weights: int
    """Weights in the image: all of a dense matrix, those in its blocks of a sparse one."""
    stored_bytes: int
    """Of the weights in the image, padding and index included."""
    sparse: bool
    """Whether the image holds it in blocks."""


@dataclass(frozen=True)
class OutputError:
    """Absolute difference of one output from the float network."""

    name: str
    mean: float
    largest: float


@dataclass(frozen=True)
class CalibrationReport:
    """Comparison over ``frames`` frames; ``features_clamped`` counts features beyond +-8 sigma."""

    frames: int
    features_clamped: int
    layers: list[LayerReport]
    outputs: list[OutputError]


def signal_to_noise_db(signal: Real, approximation: Real) -> float:
    """10 log10 of signal power over error power; infinite for equal arrays."""
    noise = float(np.sum(np.square(signal - approximation)))
    power = float(np.sum(np.square(signal)))
    if noise == 0.0:
        return float("inf")
    return 10.0 * float(np.log10(max(power, 1e-30) / noise))


class _ObservedFloatNetwork(FloatNetwork):
    """The float network, keeping every layer's output."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        self.outputs: dict[str, Real] = {}

    def _dense(self, name: str, x: Real) -> Real:
        result = super()._dense(name, x)
        if name == "fc":
            self.outputs[name] = np.tanh(result)
        return result

    def _convolution(self, name: str, kernel: int, x: Real) -> Real:
        self.outputs[name] = super()._convolution(name, kernel, x)
        return self.outputs[name]

    def _gru(self, name: str, x: Real) -> Real:
        self.outputs[name] = super()._gru(name, x)
        return self.outputs[name]


def _run_float(checkpoint: Checkpoint, features: Int16Array) -> dict[str, Real]:
    """Outputs of every layer; fc_gb is [T, 35] with the voice probability last."""
    network = _ObservedFloatNetwork(checkpoint)
    out = network.run(features)
    network.outputs["fc_gb"] = np.concatenate([out.gain, out.voice[:, None]], axis=1)
    network.outputs["fc_rb"] = out.strength
    return network.outputs


def _output_errors(wanted: dict[str, Real], got: IntegerOutput) -> list[OutputError]:
    bands = got.gain_q15.shape[1]
    pairs = {
        "gain": (wanted["fc_gb"][:, :bands], got.gain_q15),
        "strength": (wanted["fc_rb"], got.strength_q15),
        "voice": (wanted["fc_gb"][:, bands], got.voice_q15),
    }
    errors = []
    for name, (real, integer) in pairs.items():
        difference = np.abs(real - integer / 32768.0)
        errors.append(OutputError(name, float(difference.mean()), float(difference.max())))
    return errors


def compare(
    checkpoint: Checkpoint, model: QuantizedModel, features: Int16Array
) -> CalibrationReport:
    """Run both networks from silence over int16 features [T, 70] and compare layer by layer."""
    got: dict[str, npt.NDArray[np.float64]] = {}
    network = IntegerNetwork(model, observer=got.__setitem__)
    with threadpool_limits(1):
        wanted = _run_float(checkpoint, features)
        out = network.run(features)
    saturation = network.saturation
    layers = [
        LayerReport(
            name,
            signal_to_noise_db(wanted[name], got[name]),
            saturation.pre_activations[name],
            got[name].size,
        )
        for name in LAYERS
    ]
    return CalibrationReport(
        len(features), saturation.features, layers, _output_errors(wanted, out)
    )


def matrix_report(name: str, weight: Real, quantized: QuantizedMatrix) -> MatrixReport:
    """How well int8 represents one matrix; ``weight`` is the float original."""
    w8 = quantized.weights.astype(np.float64)
    scale = np.abs(weight).max(axis=1, keepdims=True) / 127.0
    rows, columns = quantized.weights.shape
    stored = stored_size(name, quantized.weights)
    return MatrixReport(
        name,
        rows,
        columns,
        signal_to_noise_db(weight, w8 * scale),
        float(np.sqrt(np.mean(np.square(w8)))),
        float(np.mean(w8 == 0)),
        len(np.unique(quantized.weights)),
        block_density(quantized.weights),
        stored.weights,
        stored.bytes,
        stored.sparse,
    )

# SPDX-License-Identifier: Apache-2.0
"""The integer network in NumPy, bit for bit what the C library computes.

Matrix products run as floating-point BLAS: sums of int8 products are whole numbers below 2^53
(float64) or, for up to 1040 columns, below 2^24 (float32), so they are exact in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from host_tools.network.profile import BANDS, FEATURES, UPDATE_LIMIT, VOICE_ROW
from host_tools.quantize.activation import sigmoid_q15, tanh_q15
from host_tools.quantize.model import (
    FEATURE_SCALE_SHIFT,
    Int8Array,
    Int16Array,
    QuantizedMatrix,
    QuantizedModel,
)
from host_tools.quantize.settle import settle_keys, settle_q24

IntArray = npt.NDArray[np.int64]

NORMALISED_LIMIT = 32767
FIRST_LAYER_ACC_SHIFT = 0
S8_ACC_SHIFT = 3
UPDATE_LIMIT_Q15 = round(UPDATE_LIMIT * 32768)
FLOAT32_EXACT_COLUMNS = 1040  # 1040 * 127 * 127 < 2^24

Observer = Callable[[str, npt.NDArray[np.float64]], None]


@dataclass(frozen=True)
class IntegerOutput:
    """Outputs for T frames in Q15: gain and strength [T, 34], voice [T], each 1..32767."""

    gain_q15: Int16Array
    strength_q15: Int16Array
    voice_q15: Int16Array | npt.NDArray[np.int32]


@dataclass
class SaturationCounts:
    """How often a value left its range: per layer (arguments of tanh beyond +-8 and
    of sigmoid beyond +-16) and features."""

    pre_activations: dict[str, int] = field(default_factory=dict)
    features: int = 0
    frames: int = 0


def round_shift(x: IntArray, n: int) -> IntArray:
    """x / 2^n rounded half up."""
    return (x + (1 << (n - 1))) >> n


def mul_q31(a: IntArray, b: IntArray) -> IntArray:
    """a * b in Q31, rounded half up."""
    return round_shift(a * b, 31)


def sat16(x: IntArray) -> IntArray:
    """Clamp to int16."""
    return np.clip(x, -32768, 32767)


def to_x8(x_q15: IntArray) -> Int8Array:
    """Q15 to the int8 that matrices read."""
    return round_shift(x_q15 * 127, 15).astype(np.int8)


class _Product:
    """Exact matrix product of int8 weights with rows of integers, then Q12 without bias."""

    def __init__(self, matrix: QuantizedMatrix, acc_shift: int, input_limit: int) -> None:
        largest = matrix.weights.shape[1] * 127 * input_limit
        kind = np.float32 if largest < 2**24 else np.float64
        self._weights = np.ascontiguousarray(matrix.weights.T).astype(kind)
        self._multiplier = matrix.multiplier.astype(np.int64)
        self._acc_shift = acc_shift

    def __call__(self, x: npt.NDArray[np.integer]) -> IntArray:
        acc = (x.astype(self._weights.dtype) @ self._weights).astype(np.int64)
        return mul_q31(acc << self._acc_shift, self._multiplier)


class IntegerNetwork:
    """The network with its state; feeding frames in one call or in several gives the same bits.

    ``observer``, if given, receives (layer name, outputs [T, units] as real numbers).
    """

    def __init__(self, model: QuantizedModel, observer: Observer | None = None) -> None:
        self.model = model
        self.saturation = SaturationCounts()
        self._observer = observer
        self._products = {
            name: _Product(
                matrix,
                FIRST_LAYER_ACC_SHIFT if name == "fc" else S8_ACC_SHIFT,
                NORMALISED_LIMIT if name == "fc" else 127,
            )
            for name, matrix in model.matrices.items()
        }
        self._bias = {n: m.bias_q12.astype(np.int64) for n, m in model.matrices.items()}
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first frame: all zeros."""
        profile = self.model.profile
        self._history = {
            "conv1": np.zeros((profile.conv1_kernel - 1, profile.fc), np.int8),
            "conv2": np.zeros((profile.conv2_kernel - 1, profile.conv1), np.int8),
        }
        self._state_q24 = {
            name: np.zeros(units, np.int64) for name, (_, units) in profile.recurrent_sizes.items()
        }

    def run(self, features: Int16Array) -> IntegerOutput:
        """Run on int16 features [T, 70] in arrival order; row t is the output for frame t-2."""
        if features.ndim != 2 or features.shape[1] != FEATURES:
            raise ValueError(f"features must have shape [T, {FEATURES}], got {features.shape}")
        self.saturation.frames += len(features)
        profile = self.model.profile
        keys = settle_keys(features)
        x8 = self._tanh_layer("fc", self._normalise(features))
        x8 = self._convolution("conv1", profile.conv1_kernel, x8)
        conv2 = self._convolution("conv2", profile.conv2_kernel, x8)
        gru1 = self._gru("gru1", conv2, keys)
        gru2 = self._gru("gru2", gru1, keys)
        gru3 = self._gru("gru3", gru2, keys)
        gain_gru = self._gru("gru_gb", gru3, keys)
        strength_gru = self._gru("gru_rb", np.concatenate([gru3, conv2], axis=1), keys)
        joined = np.concatenate([conv2, gru1, gru2, gru3, gain_gru], axis=1)
        gains = self._sigmoid_layer("fc_gb", joined)
        strengths = self._sigmoid_layer("fc_rb", strength_gru)
        return IntegerOutput(gains[:, :BANDS], strengths, gains[:, VOICE_ROW])

    def _observe(self, layer: str, values_q15: IntArray) -> None:
        if self._observer is not None:
            self._observer(layer, values_q15 / 32768.0)

    def _saturate(self, layer: str, pre: IntArray) -> IntArray:
        """Saturate to int16 and keep count."""
        result = sat16(pre)
        counts = self.saturation.pre_activations
        counts[layer] = counts.get(layer, 0) + int(np.count_nonzero(result != pre))
        return result

    def _tanh(self, layer: str, pre_q12: IntArray) -> IntArray:
        return tanh_q15(self._saturate(layer, pre_q12))

    def _sigmoid(self, layer: str, pre_q12: IntArray) -> IntArray:
        return sigmoid_q15(self._saturate(layer, round_shift(pre_q12, 1)))

    def _normalise(self, features: Int16Array) -> IntArray:
        centred = features.astype(np.int64) - self.model.feature_mean
        x = round_shift(centred * self.model.feature_scale_q20, FEATURE_SCALE_SHIFT)
        clamped = np.clip(x, -NORMALISED_LIMIT, NORMALISED_LIMIT)
        self.saturation.features += int(np.count_nonzero(clamped != x))
        return clamped

    def _tanh_layer(self, name: str, x: npt.NDArray[np.integer]) -> Int8Array:
        y_q15 = self._tanh(name, self._products[name](x) + self._bias[name])
        self._observe(name, y_q15)
        return to_x8(y_q15)

    def _sigmoid_layer(self, name: str, x8: Int8Array) -> Int16Array:
        y_q15 = self._sigmoid(name, self._products[name](x8) + self._bias[name])
        self._observe(name, y_q15)
        return y_q15.astype(np.int16)

    def _convolution(self, name: str, kernel: int, x8: Int8Array) -> Int8Array:
        padded = np.concatenate([self._history[name], x8])
        self._history[name] = padded[len(padded) - (kernel - 1) :]
        columns = [padded[offset : offset + len(x8)] for offset in range(kernel)]
        return self._tanh_layer(name, np.concatenate(columns, axis=1))

    def _gru(self, name: str, x8: Int8Array, keys: npt.NDArray[np.uint32]) -> Int8Array:
        units = self.model.profile.recurrent_sizes[name][1]
        inputs = self._products[f"{name}.input"](x8) + self._bias[f"{name}.input"]
        recurrent = self._products[f"{name}.recurrent"]
        bias = self._bias[f"{name}.recurrent"]
        states = np.empty((len(x8), units), np.int64)
        h_q24 = self._state_q24[name]
        h8 = to_x8(round_shift(h_q24, 9))
        for t, a in enumerate(inputs):
            u = recurrent(h8)
            gates = self._sigmoid(name, a[: 2 * units] + u[: 2 * units])
            z, r = np.minimum(gates[:units], UPDATE_LIMIT_Q15), gates[units:]
            gated = a[2 * units :] + mul_q31(u[2 * units :] + bias, r << 16)
            n_q24 = self._tanh(name, gated) << 9
            h_q24 = n_q24 + mul_q31(h_q24 - n_q24, z << 16)
            if keys[t]:
                h_q24 = settle_q24(h_q24, int(keys[t]))
            states[t] = round_shift(h_q24, 9)
            h8 = to_x8(states[t])
        self._state_q24[name] = h_q24
        self._observe(name, states)
        return to_x8(states)

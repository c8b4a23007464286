# SPDX-License-Identifier: Apache-2.0
"""The network in floating point with NumPy only: what the integer network is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.network.checkpoint import Checkpoint
from host_tools.network.profile import BANDS, FEATURES, UPDATE_LIMIT, VOICE_ROW

FEATURE_LIMIT = 8.0  # normalised features are clamped to +-8, as in the integer network

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class NetworkOutput:
    """Outputs for T frames, each in (0, 1): gain and strength [T, 34], voice [T]."""

    gain: Array
    strength: Array
    voice: Array


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), written so that it cannot overflow."""
    result: Array = 0.5 + 0.5 * np.tanh(0.5 * x)
    return result


class FloatNetwork:
    """The network with its state (convolution history and GRU states), in ``dtype``.

    Feeding frames in one call or in several gives the same outputs.
    """

    def __init__(self, checkpoint: Checkpoint, dtype: npt.DTypeLike = np.float64) -> None:
        self.profile = checkpoint.profile
        self.dtype = np.dtype(dtype)
        self._tensors = {n: t.astype(self.dtype) for n, t in checkpoint.tensors.items()}
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first frame: all zeros."""
        profile = self.profile
        self._history: dict[str, Array] = {
            "conv1": np.zeros((profile.conv1_kernel - 1, profile.fc), self.dtype),
            "conv2": np.zeros((profile.conv2_kernel - 1, profile.conv1), self.dtype),
        }
        self._state: dict[str, Array] = {
            name: np.zeros(units, self.dtype)
            for name, (_, units) in profile.recurrent_sizes.items()
        }

    def run(self, features: npt.NDArray[np.int16]) -> NetworkOutput:
        """Run on int16 features [T, 70] in arrival order; row t is the output for frame t-2."""
        if features.ndim != 2 or features.shape[1] != FEATURES:
            raise ValueError(f"features must have shape [T, {FEATURES}], got {features.shape}")
        normalised = (features - self._tensors["feature_mean"]) / self._tensors["feature_std"]
        hidden = np.tanh(self._dense("fc", np.clip(normalised, -FEATURE_LIMIT, FEATURE_LIMIT)))
        hidden = self._convolution("conv1", self.profile.conv1_kernel, hidden)
        conv2 = self._convolution("conv2", self.profile.conv2_kernel, hidden)
        gru1 = self._gru("gru1", conv2)
        gru2 = self._gru("gru2", gru1)
        gru3 = self._gru("gru3", gru2)
        gain_gru = self._gru("gru_gb", gru3)
        strength_gru = self._gru("gru_rb", np.concatenate([gru3, conv2], axis=1))
        joined = np.concatenate([conv2, gru1, gru2, gru3, gain_gru], axis=1)
        gains = sigmoid(self._dense("fc_gb", joined))
        strengths = sigmoid(self._dense("fc_rb", strength_gru))
        return NetworkOutput(gains[:, :BANDS], strengths, gains[:, VOICE_ROW])

    def _dense(self, name: str, x: Array) -> Array:
        result: Array = x @ self._tensors[f"{name}.weight"].T + self._tensors[f"{name}.bias"]
        return result

    def _convolution(self, name: str, kernel: int, x: Array) -> Array:
        padded = np.concatenate([self._history[name], x])
        self._history[name] = padded[len(padded) - (kernel - 1) :]
        columns = [padded[offset : offset + len(x)] for offset in range(kernel)]
        result: Array = np.tanh(self._dense(name, np.concatenate(columns, axis=1)))
        return result

    def _gru(self, name: str, x: Array) -> Array:
        tensors = self._tensors
        units = self.profile.recurrent_sizes[name][1]
        recurrent = tensors[f"{name}.recurrent_weight"].T
        recurrent_bias = tensors[f"{name}.recurrent_bias"]
        inputs = x @ tensors[f"{name}.input_weight"].T + tensors[f"{name}.input_bias"]
        outputs = np.empty((len(x), units), self.dtype)
        h = self._state[name]
        for t, a in enumerate(inputs):
            u = h @ recurrent + recurrent_bias
            gates = sigmoid(a[: 2 * units] + u[: 2 * units])
            z, r = np.minimum(gates[:units], UPDATE_LIMIT), gates[units:]
            n = np.tanh(a[2 * units :] + r * u[2 * units :])
            h = n + z * (h - n)
            outputs[t] = h
        self._state[name] = h
        return outputs

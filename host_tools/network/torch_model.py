# SPDX-License-Identifier: Apache-2.0
"""The network for training. Time is the first dimension; state is carried between chunks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from host_tools.network.checkpoint import Checkpoint, FloatArray
from host_tools.network.fake_quantize import LEVELS, activation_levels, linear
from host_tools.network.float_model import FEATURE_LIMIT
from host_tools.network.profile import BANDS, FEATURES, VOICE_ROW, Profile
from host_tools.network.recurrent import Gru

State = dict[str, Tensor]


@dataclass(frozen=True)
class Logits:
    """Outputs before the sigmoid, float32: gain and strength [T, B, 34], voice [T, B]."""

    gain: Tensor
    strength: Tensor
    voice: Tensor


class Network(nn.Module):
    """PercepNet: dense, two convolutions, five GRUs, two output layers.

    ``precision`` is that of matrix products; parameters and the rest are float32. With
    ``int8_aware`` weights and what matrices read are rounded as in the integer network, and
    activations are in steps of 1/127.
    """

    def __init__(
        self,
        profile: Profile,
        precision: torch.dtype = torch.float32,
        int8_aware: bool = False,
    ) -> None:
        super().__init__()
        self.profile = profile
        self.precision = precision
        self.int8_aware = int8_aware
        self.register_buffer("feature_mean", torch.zeros(FEATURES))
        self.register_buffer("feature_std", torch.ones(FEATURES))
        rows = profile.dense_outputs
        self.dense = nn.ModuleDict(
            {n: nn.Linear(columns, rows[n]) for n, columns in profile.dense_inputs.items()}
        )
        for layer in self.dense.values():
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.gru = nn.ModuleDict(
            {name: Gru(*sizes) for name, sizes in profile.recurrent_sizes.items()}
        )

    def initial_state(self, batch: int) -> State:
        """Return the state before the first frame of ``batch`` sequences: all zeros."""
        profile, device = self.profile, self.feature_mean.device
        state = {
            "conv1": torch.zeros(profile.conv1_kernel - 1, batch, profile.fc, device=device),
            "conv2": torch.zeros(profile.conv2_kernel - 1, batch, profile.conv1, device=device),
        }
        state = {name: value.to(self.precision) for name, value in state.items()}
        for name, (_, units) in profile.recurrent_sizes.items():
            state[name] = torch.zeros(batch, units, device=device)
        return state

    def forward(self, features: Tensor, state: State) -> tuple[Logits, State]:
        """Run features [T, B, 70] (as float); the returned state carries no gradient."""
        after: State = {}
        normalised = (features - self.feature_mean) / self.feature_std
        x = normalised.clamp(-FEATURE_LIMIT, FEATURE_LIMIT)
        if self.int8_aware:
            x = x * LEVELS  # in the same steps as the others, but read with 16 bits: not rounded
        x = self._tanh(self._linear("fc", x))
        x = self._convolution("conv1", x, state, after)
        conv2 = self._convolution("conv2", x, state, after)
        gru1 = self._recurrent("gru1", conv2, state, after)
        gru2 = self._recurrent("gru2", gru1, state, after)
        gru3 = self._recurrent("gru3", gru2, state, after)
        gain_gru = self._recurrent("gru_gb", gru3, state, after)
        strength_gru = self._recurrent("gru_rb", torch.cat([gru3, conv2], 2), state, after)
        joined = torch.cat([conv2, gru1, gru2, gru3, gain_gru], 2)
        gains = self._linear("fc_gb", joined)
        strengths = self._linear("fc_rb", strength_gru)
        return Logits(gains[..., :BANDS], strengths, gains[..., VOICE_ROW]), after

    def _linear(self, name: str, x: Tensor) -> Tensor:
        layer = self.dense[name]
        return linear(x, layer.weight, layer.bias, self.int8_aware)

    def _tanh(self, x: Tensor) -> Tensor:
        y = torch.tanh(x)
        return (activation_levels(y) if self.int8_aware else y).to(self.precision)

    def _convolution(self, name: str, x: Tensor, state: State, after: State) -> Tensor:
        history = state[name]
        padded = torch.cat([history, x])
        after[name] = padded[padded.shape[0] - history.shape[0] :].detach()
        kernel = history.shape[0] + 1
        columns = [padded[offset : offset + x.shape[0]] for offset in range(kernel)]
        return self._tanh(self._linear(name, torch.cat(columns, 2)))

    def _recurrent(self, name: str, x: Tensor, state: State, after: State) -> Tensor:
        states, after[name] = self.gru[name](x, state[name], self.int8_aware)
        return torch.as_tensor(states)

    def to_checkpoint(self, metadata: dict[str, str]) -> Checkpoint:
        """Return the parameters under the names of the checkpoint."""
        tensors: dict[str, FloatArray] = {}
        for name, value in self.state_dict().items():
            plain = name.removeprefix("dense.").removeprefix("gru.")
            tensors[plain] = value.detach().cpu().numpy().astype(np.float32)
        return Checkpoint(self.profile, tensors, metadata)

    def load_tensors(self, checkpoint: Checkpoint) -> None:
        """Take over the parameters of a checkpoint of the same profile."""
        with torch.no_grad():
            for name, value in self.state_dict().items():
                plain = name.removeprefix("dense.").removeprefix("gru.")
                value.copy_(torch.from_numpy(checkpoint.tensors[plain]))

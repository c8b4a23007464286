# SPDX-License-Identifier: Apache-2.0
"""Small untrained networks and features that drive them into every corner."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_tools.network.checkpoint import Checkpoint, random_checkpoint
from host_tools.network.profile import Profile

Int16Array = npt.NDArray[np.int16]

SMALL = Profile("small", fc=16, conv1=32, conv2=48, gru=32, gru_gb=48, gru_rb=16)
ODD_KERNELS = Profile("odd", 32, 16, 32, 16, 16, 32, conv1_kernel=1, conv2_kernel=4)


def loud_checkpoint(profile: Profile, seed: int, loudness: float) -> Checkpoint:
    """Random checkpoint with matrices and biases ``loudness`` times larger, so that
    pre-activations saturate."""
    checkpoint = random_checkpoint(profile, seed)
    tensors = {
        name: tensor if name.startswith("feature") else (tensor * loudness).astype(np.float32)
        for name, tensor in checkpoint.tensors.items()
    }
    return Checkpoint(profile, tensors, checkpoint.metadata)


def plausible_features(frames: int, seed: int) -> Int16Array:
    """Random features around the means of random_checkpoint."""
    generator = np.random.default_rng(seed)
    mean = np.r_[np.full(34, 9000.0), np.full(34, 14000.0), 330.0, 16000.0]
    std = np.r_[np.full(34, 4000.0), np.full(34, 9000.0), 190.0, 8000.0]
    values = generator.normal(mean, std, (frames, 70))
    return np.clip(np.rint(values), -32768, 32767).astype(np.int16)


def extreme_features(frames: int, seed: int) -> Int16Array:
    """Each feature at an end of int16 or zero."""
    generator = np.random.default_rng(seed)
    return generator.choice(np.array([-32768, 0, 32767], np.int16), (frames, 70))


def slow_gates(update_bias: float) -> Checkpoint:
    """A network whose update gates work around ``update_bias``: memories of 1 / (1 - z) frames."""
    checkpoint = random_checkpoint(SMALL, 3)
    tensors = dict(checkpoint.tensors)
    for name, (_, units) in SMALL.recurrent_sizes.items():
        bias = tensors[f"{name}.input_bias"].copy()
        bias[:units] = update_bias
        tensors[f"{name}.input_bias"] = bias
    return Checkpoint(SMALL, tensors, checkpoint.metadata)

# SPDX-License-Identifier: Apache-2.0
"""Perceptual losses on band gains, comb-filter strengths and voice activity."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from host_tools.network.torch_model import Logits

GAMMA = 0.5  # loudness exponent on amplitude gains
EPSILON = 1e-4  # keeps the slope of g^0.5 finite at 0
FOURTH_POWER_WEIGHT = 10.0
STRENGTH_WEIGHT = 1.0
VOICE_WEIGHT = 0.05


@dataclass(frozen=True)
class TargetBatch:
    """Targets in [0, 1]: gain, strength, mask [T, B, 34]; voice [T, B]."""

    gain: Tensor
    strength: Tensor
    mask: Tensor
    voice: Tensor

    def part(self, frames: slice) -> TargetBatch:
        """Return the targets of a range of frames."""
        return TargetBatch(
            self.gain[frames], self.strength[frames], self.mask[frames], self.voice[frames]
        )


@dataclass(frozen=True)
class Losses:
    """Scalars: the sum that is minimised and its parts, each a mean over unmasked bands."""

    total: Tensor
    gain: Tensor
    strength: Tensor
    voice: Tensor


def compute_losses(logits: Logits, targets: TargetBatch) -> Losses:
    """Compare outputs with targets.

    Gains: d^2 + 10 d^4 with d the difference of g^0.5; strengths: squared difference of
    (1-r)^0.5, the part that lets noise pass; voice: binary cross-entropy.
    """
    weight = targets.mask.sum().clamp(min=1.0)
    gain_error = _power(targets.gain) - _power(torch.sigmoid(logits.gain))
    squared = gain_error.square()
    gain = (targets.mask * (squared + FOURTH_POWER_WEIGHT * squared.square())).sum() / weight
    strength_error = _power(1.0 - targets.strength) - _power(torch.sigmoid(-logits.strength))
    strength = (targets.mask * strength_error.square()).sum() / weight
    voice = torch.nn.functional.binary_cross_entropy_with_logits(logits.voice, targets.voice)
    total = gain + STRENGTH_WEIGHT * strength + VOICE_WEIGHT * voice
    return Losses(total, gain.detach(), strength.detach(), voice.detach())


def _power(values: Tensor) -> Tensor:
    return (values + EPSILON).pow(GAMMA)

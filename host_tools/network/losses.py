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
VOICE_EMPHASIS = 2.0  # frames with speech count 1 + this; the idea is RNNoise v0.2's
STRENGTH_WEIGHT = 1.0
VOICE_WEIGHT = 0.05
DISTORTION_WEIGHT = 0.15
DISTORTION_FLOOR = 0.01
POST_FILTER_BETA = 0.02


@dataclass(frozen=True)
class TargetBatch:
    """Targets in [0, 1]: gain, strength, mask [T, B, 34]; voice [T, B].

    ``energy`` [T, B, 34] is that of the noisy signal, in any unit of each sequence's own.
    """

    gain: Tensor
    strength: Tensor
    mask: Tensor
    voice: Tensor
    energy: Tensor

    def part(self, frames: slice) -> TargetBatch:
        """Return the targets of a range of frames."""
        return TargetBatch(
            self.gain[frames],
            self.strength[frames],
            self.mask[frames],
            self.voice[frames],
            self.energy[frames],
        )


@dataclass(frozen=True)
class Losses:
    """Scalars: the sum that is minimised and its parts, each a mean over unmasked bands."""

    total: Tensor
    gain: Tensor
    strength: Tensor
    voice: Tensor
    distortion: Tensor


def compute_losses(logits: Logits, targets: TargetBatch) -> Losses:
    """Compare outputs with targets.

    Gains: d^2 + 10 d^4 with d the difference of g^0.5, weighted up in frames with speech;
    strengths: squared difference of (1-r)^0.5, the part that lets noise pass, weighted by the gain
    since the strength of a band that is silenced is neither heard nor well defined; voice: binary
    cross-entropy; distortion: see ``distortion_loss``.
    """
    weights = targets.mask * (1.0 + VOICE_EMPHASIS * targets.voice.unsqueeze(2))
    gains = torch.sigmoid(logits.gain)
    gain_error = _power(targets.gain) - _power(gains)
    squared = gain_error.square()
    error = squared + FOURTH_POWER_WEIGHT * squared.square()
    gain = (weights * error).sum() / weights.sum().clamp(min=1.0)
    strength_error = _power(1.0 - targets.strength) - _power(torch.sigmoid(-logits.strength))
    heard = targets.mask * targets.gain
    strength = (heard * strength_error.square()).sum() / heard.sum().clamp(min=1.0)
    voice = torch.nn.functional.binary_cross_entropy_with_logits(logits.voice, targets.voice)
    distortion = distortion_loss(gains, targets)
    total = gain + STRENGTH_WEIGHT * strength + VOICE_WEIGHT * voice
    total = total + DISTORTION_WEIGHT * distortion
    parts = (gain, strength, voice, distortion)
    return Losses(total, *(part.detach() for part in parts))


def distortion_loss(gains: Tensor, targets: TargetBatch) -> Tensor:
    """Mean over sequences of ln(distortion/speech + 0.01) of the output as it will be heard.

    The output has the gain a of the envelope post-filter. With noise uncorrelated to speech its
    distance to the clean band of energy g^2 E is E (a^2 - 2 a g^2 + g^2). Sequences whose speech
    is 30 dB below the noise do not count.
    """
    energy = targets.energy * targets.mask
    applied = _post_filter(gains, energy)
    clean = targets.gain.square()
    distance = (energy * (applied.square() - 2.0 * applied * clean + clean)).sum((0, 2))
    speech = (energy * clean).sum((0, 2))
    counted = (speech > 1e-3 * energy.sum((0, 2))).float()
    ratio = distance / speech.clamp(min=1e-12) + DISTORTION_FLOOR
    value: Tensor = (counted * ratio.log()).sum() / counted.sum().clamp(min=1.0)
    return value


def _post_filter(gains: Tensor, energy: Tensor) -> Tensor:
    """Envelope post-filter: g sin(pi g/2), with the lost level given back per frame."""
    warped = gains * torch.sin(0.5 * torch.pi * gains)
    kept = (gains.square() * energy).sum(2, keepdim=True) + 1e-12
    left = (warped.square() * energy).sum(2, keepdim=True) + 1e-12
    x = (kept / left).clamp(max=64.0)
    beta = POST_FILTER_BETA
    return warped * torch.sqrt((1.0 + beta) * x / (1.0 + beta * x.square()))


def _power(values: Tensor) -> Tensor:
    return (values + EPSILON).pow(GAMMA)

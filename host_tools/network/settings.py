# SPDX-License-Identifier: Apache-2.0
"""Hyper-parameters of a training run and the schedule of its learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from host_tools.network.prune import Densities


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters. ``chunk_frames`` is the reach of back-propagation through time.

    On a CPU each of ``threads`` threads works on its own part of the batch, which on a busy machine
    is much faster than sharing every single product.
    """

    seed: int = 1
    batch: int = 32
    chunk_frames: int = 100
    learning_rate: float = 4e-4
    final_rate_ratio: float = 0.01
    warmup_updates: int = 200
    weight_decay: float = 0.01
    gradient_limit: float = 0.5
    weight_limit: float = 2.0
    averaging: float = 0.998
    threads: int = 2
    densities: Densities | None = None
    """Prune gradually to these; None leaves the network dense."""
    prune_share: float = 0.5
    """Share of the run after which the densities are reached."""
    prune_interval: int = 50
    """Updates between two choices of the blocks that stay."""
    int8_aware: bool = False
    """Round weights and activations as the integer network does."""


def learning_rate_at(settings: Settings, update: int, progress: float) -> float:
    """Linear warm-up by updates, then half a cosine over ``progress`` 0..1 of the run."""
    cosine = 0.5 + 0.5 * math.cos(math.pi * min(max(progress, 0.0), 1.0))
    level = settings.final_rate_ratio + (1.0 - settings.final_rate_ratio) * cosine
    return settings.learning_rate * level * min(1.0, (update + 1) / settings.warmup_updates)

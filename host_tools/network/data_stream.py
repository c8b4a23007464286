# SPDX-License-Identifier: Apache-2.0
"""Batches of training sequences in an order that a seed and a position fix."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from host_tools.errors import DataError
from host_tools.network.losses import TargetBatch
from host_tools.network.profile import BANDS
from host_tools.network.shards import Q15, Frames
from host_tools.network.targets import LOG2_ENERGY_UNIT

GROUP_SHARDS = 8
WAIT_SECONDS = 2.0
LOOK_AHEAD = 2  # frames: row t holds the targets of frame t-2


@dataclass
class Position:
    """Where the stream stands: pass over the data, group of shards, batch in the group."""

    epoch: int = 0
    group: int = 0
    batch: int = 0


class SequenceStream:
    """Shuffles shards (after the first pass), and sequences within groups of eight shards.

    During the first pass the shards may still be in the making: the stream waits for the next one
    while ``still_making`` says so; ``ready`` tells beforehand whether it would.
    """

    def __init__(
        self,
        paths: list[Path],
        batch: int,
        seed: int,
        position: Position | None = None,
        still_making: Callable[[], bool] = lambda: False,
    ) -> None:
        self.position = position or Position()
        self._paths = paths
        self._batch = batch
        self._seed = seed
        self._still_making = still_making
        self._loaded: tuple[int, int] | None = None
        self._sequences: list[Frames] = []

    def next_batch(self) -> Frames:
        """Return FRAME_RECORDs [batch, frames] and move on."""
        position = self.position
        if self._loaded != (position.epoch, position.group):
            self._load_group()
        start = position.batch * self._batch
        chosen = np.stack(self._sequences[start : start + self._batch])
        position.batch += 1
        if (position.batch + 1) * self._batch > len(self._sequences):
            position.batch, position.group = 0, position.group + 1
            if position.group * GROUP_SHARDS >= len(self._paths):
                position.group, position.epoch = 0, position.epoch + 1
        return chosen

    def ready(self) -> bool:
        """Say whether ``next_batch`` answers at once, be it with an error."""
        if self._loaded == (self.position.epoch, self.position.group):
            return True
        return all(path.exists() for path in self._group()) or not self._still_making()

    def _group(self) -> list[Path]:
        """Shards of the group at the position."""
        position = self.position
        order = np.arange(len(self._paths))
        if position.epoch:
            order = np.random.default_rng([self._seed, position.epoch]).permutation(order)
        numbers = order[position.group * GROUP_SHARDS : (position.group + 1) * GROUP_SHARDS]
        return [self._paths[number] for number in numbers]

    def _load_group(self) -> None:
        position = self.position
        sequences: list[Frames] = []
        for path in self._group():
            sequences.extend(self._wait_for(path))
        generator = np.random.default_rng([self._seed, position.epoch, position.group])
        self._sequences = [sequences[i] for i in generator.permutation(len(sequences))]
        if len(self._sequences) < self._batch:
            raise DataError(
                f"a group of shards holds {len(self._sequences)} sequences, fewer than the batch "
                f"of {self._batch}; use a smaller batch or more hours"
            )
        self._loaded = (position.epoch, position.group)

    def _wait_for(self, path: Path) -> Frames:
        while not path.exists():
            if not self._still_making():
                raise DataError(f"{path}: training sequences are missing; run again to make them")
            time.sleep(WAIT_SECONDS)
        shard: Frames = np.load(path, mmap_mode="r")
        return shard


def to_tensors(frames: Frames, device: torch.device) -> tuple[torch.Tensor, TargetBatch]:
    """Turn FRAME_RECORDs [B, T] into float features [T, B, 70] and targets, time first."""

    def tensor(name: str, scale: float) -> torch.Tensor:
        swapped = np.ascontiguousarray(frames[name].swapaxes(0, 1))
        signed = swapped.astype(np.float32) * np.float32(1.0 / scale)
        return torch.from_numpy(signed).to(device)

    features = tensor("features", 1.0)
    targets = TargetBatch(
        gain=tensor("gain_q15", Q15),
        strength=tensor("strength_q15", Q15),
        mask=tensor("mask", 1.0),
        voice=tensor("voice", 1.0),
        energy=_energy(features),
    )
    return features, targets


def _energy(features: torch.Tensor) -> torch.Tensor:
    """Energies of the frame that each row's outputs are for, 1 at each sequence's loudest band."""
    log2 = features[..., :BANDS] / LOG2_ENERGY_UNIT
    relative = torch.exp2(log2 - log2.amax((0, 2), keepdim=True))
    return torch.cat([torch.zeros_like(relative[:LOOK_AHEAD]), relative[:-LOOK_AHEAD]])

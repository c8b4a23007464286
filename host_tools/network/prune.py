# SPDX-License-Identifier: Apache-2.0
"""Magnitude pruning of a checkpoint in the blocks that the sparse kernels skip."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from host_tools.network.checkpoint import Checkpoint, FloatArray

BLOCK_ROWS = 16
BLOCK_COLUMNS = 4


@dataclass(frozen=True)
class Densities:
    """Share of the blocks that pruning keeps, 0 to 1; 1 leaves a matrix as it is.

    update, reset, candidate: gates z, r, n of both matrices of every GRU. The defaults give the
    published network about 2.3 million of its 8 million weights.
    """

    conv1: float = 1.0
    conv2: float = 0.5
    update: float = 0.2
    reset: float = 0.1
    candidate: float = 0.4

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0.0 <= getattr(self, field.name) <= 1.0:
                raise ValueError(f"density {field.name} must be from 0 to 1")


def block_mask(weight: npt.NDArray[np.floating], density: float) -> npt.NDArray[np.bool_]:
    """Mask [rows, columns], True on the ``density`` share of the 16 x 4 blocks of largest energy.

    rows must be a multiple of 16 and columns of 4; of equal blocks the first ones stay.
    """
    rows, columns = weight.shape
    shape = (rows // BLOCK_ROWS, BLOCK_ROWS, columns // BLOCK_COLUMNS, BLOCK_COLUMNS)
    energy = np.square(weight.astype(np.float64)).reshape(shape).sum(axis=(1, 3))
    kept = np.zeros(energy.size, bool)
    order = np.argsort(-energy.reshape(-1), kind="stable")
    kept[order[: round(density * energy.size)]] = True
    grid = kept.reshape(energy.shape)
    return grid.repeat(BLOCK_ROWS, axis=0).repeat(BLOCK_COLUMNS, axis=1)


def prune_matrix(weight: FloatArray, density: float) -> FloatArray:
    """The matrix with all but its ``density`` share of blocks set to zero."""
    return np.where(block_mask(weight, density), weight, np.float32(0.0)).astype(np.float32)


def prune_checkpoint(checkpoint: Checkpoint, densities: Densities | None = None) -> Checkpoint:
    """Prune conv1, conv2 and the GRUs, each gate by itself; the small layers stay whole."""
    wanted = densities or Densities()
    tensors = dict(checkpoint.tensors)
    for name in ("conv1", "conv2"):
        key = f"{name}.weight"
        tensors[key] = prune_matrix(tensors[key], getattr(wanted, name))
    for name in checkpoint.profile.recurrent_sizes:
        for side in ("input", "recurrent"):
            key = f"{name}.{side}_weight"
            gates = np.split(tensors[key], 3)
            shares = (wanted.update, wanted.reset, wanted.candidate)
            pruned = [prune_matrix(*pair) for pair in zip(gates, shares, strict=True)]
            tensors[key] = np.concatenate(pruned)
    return Checkpoint(checkpoint.profile, tensors, checkpoint.metadata)

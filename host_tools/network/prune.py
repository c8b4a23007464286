# SPDX-License-Identifier: Apache-2.0
"""Magnitude pruning of a checkpoint in the blocks that the sparse kernels skip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from host_tools.network.checkpoint import Checkpoint, FloatArray
from host_tools.network.profile import Profile

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


def densities_at(final: Densities, share: float) -> Densities:
    """Densities of gradual pruning after ``share`` 0..1 of it: cubic from 1 down to ``final``.

    Source: Zhu and Gupta, "To prune, or not to prune" (2017).
    """
    left = (1.0 - min(max(share, 0.0), 1.0)) ** 3
    values = (getattr(final, field.name) for field in fields(final))
    return Densities(*(value + (1.0 - value) * left for value in values))


def weight_masks(
    profile: Profile, tensors: Mapping[str, npt.NDArray[np.floating]], densities: Densities
) -> dict[str, npt.NDArray[np.bool_]]:
    """Masks of conv1, conv2 and both matrices of every GRU by tensor name, gate by gate."""
    masks = {
        "conv1.weight": block_mask(tensors["conv1.weight"], densities.conv1),
        "conv2.weight": block_mask(tensors["conv2.weight"], densities.conv2),
    }
    shares = (densities.update, densities.reset, densities.candidate)
    for name in profile.recurrent_sizes:
        for key in (f"{name}.input_weight", f"{name}.recurrent_weight"):
            gates = np.split(tensors[key], 3)
            pairs = zip(gates, shares, strict=True)
            masks[key] = np.concatenate([block_mask(*pair) for pair in pairs])
    return masks


def kept_blocks(
    profile: Profile, tensors: Mapping[str, npt.NDArray[np.floating]]
) -> dict[str, npt.NDArray[np.bool_]]:
    """Masks by tensor name, True on the blocks that are not all zero.

    Only of those matrices among conv1, conv2 and the GRUs' that have a zero block, and whose
    rows and columns are whole blocks.
    """
    names = ["conv1.weight", "conv2.weight"]
    for gru in profile.recurrent_sizes:
        names += [f"{gru}.input_weight", f"{gru}.recurrent_weight"]
    masks = {}
    for name in names:
        rows, columns = tensors[name].shape
        if rows % BLOCK_ROWS or columns % BLOCK_COLUMNS:
            continue
        shape = (rows // BLOCK_ROWS, BLOCK_ROWS, columns // BLOCK_COLUMNS, BLOCK_COLUMNS)
        used = (tensors[name].reshape(shape) != 0).any(axis=(1, 3))
        if not used.all():
            masks[name] = used.repeat(BLOCK_ROWS, axis=0).repeat(BLOCK_COLUMNS, axis=1)
    return masks


def prune_checkpoint(checkpoint: Checkpoint, densities: Densities | None = None) -> Checkpoint:
    """Prune conv1, conv2 and the GRUs, each gate by itself; the small layers stay whole."""
    tensors = dict(checkpoint.tensors)
    masks = weight_masks(checkpoint.profile, tensors, densities or Densities())
    for name, mask in masks.items():
        tensors[name] = np.where(mask, tensors[name], np.float32(0.0)).astype(np.float32)
    return Checkpoint(checkpoint.profile, tensors, checkpoint.metadata)

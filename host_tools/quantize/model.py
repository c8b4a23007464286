# SPDX-License-Identifier: Apache-2.0
"""The quantized network: every number that the integer library uses, as NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.network.profile import BANDS, FEATURES, Profile

Int8Array = npt.NDArray[np.int8]
Int16Array = npt.NDArray[np.int16]
Int32Array = npt.NDArray[np.int32]

GRU_NAMES = ("gru1", "gru2", "gru3", "gru_gb", "gru_rb")
MATRIX_NAMES = (
    "fc",
    "conv1",
    "conv2",
    *(f"{gru}.{side}" for gru in GRU_NAMES for side in ("input", "recurrent")),
    "fc_gb",
    "fc_rb",
)
"""Every matrix in the order of the image and of pn_matrix_id."""

MAX_BIAS_Q12 = 1 << 28
FEATURE_SCALE_SHIFT = 20


@dataclass(frozen=True)
class MatrixShape:
    """Size of one matrix; ``bias_rows`` is smaller than rows for a recurrent one (gate n only)."""

    rows: int
    columns: int
    bias_rows: int


@dataclass(frozen=True)
class QuantizedMatrix:
    """One int8 matrix with its requantisation.

    weights: [rows, columns] in [-127, 127]; multiplier: [rows], 0..2^31-1, Q31 for fc and Q28
    for all others; bias_q12: [bias_rows].
    """

    weights: Int8Array
    multiplier: Int32Array
    bias_q12: Int32Array


@dataclass(frozen=True)
class QuantizedModel:
    """A whole network. feature_mean: int16 [70]; feature_scale_q20: int32 [70], Q12 units of the
    normalised feature per feature unit, times 2^20."""

    profile: Profile
    feature_mean: Int16Array
    feature_scale_q20: Int32Array
    matrices: dict[str, QuantizedMatrix]


def matrix_shapes(profile: Profile) -> dict[str, MatrixShape]:
    """Shape of every matrix of a profile, in MATRIX_NAMES order."""
    shapes = {}
    for name in MATRIX_NAMES:
        if "." not in name:
            rows = profile.dense_outputs[name]
            shapes[name] = MatrixShape(rows, profile.dense_inputs[name], rows)
            continue
        gru, side = name.split(".")
        inputs, units = profile.recurrent_sizes[gru]
        if side == "input":
            shapes[name] = MatrixShape(3 * units, inputs, 3 * units)
        else:
            shapes[name] = MatrixShape(3 * units, units, units)
    return shapes


__all__ = [
    "BANDS",
    "FEATURES",
    "FEATURE_SCALE_SHIFT",
    "GRU_NAMES",
    "MATRIX_NAMES",
    "MAX_BIAS_Q12",
    "Int8Array",
    "Int16Array",
    "Int32Array",
    "MatrixShape",
    "QuantizedMatrix",
    "QuantizedModel",
    "matrix_shapes",
]

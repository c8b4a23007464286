# SPDX-License-Identifier: Apache-2.0
"""Matrix layout of the kernels: [strip of 8 rows][group of 4 columns][8 rows][4 columns]."""

from __future__ import annotations

import numpy as np

from host_tools.quantize.model import Int8Array

STRIP_ROWS = 8
GROUP_COLUMNS = 4
COLUMN_MULTIPLE = 16


def padded(size: int, multiple: int) -> int:
    """``size`` rounded up to a multiple."""
    return -(-size // multiple) * multiple


def pack(weights: Int8Array) -> Int8Array:
    """[rows, columns] to the flat packed form, zero-padded to 8 rows and 16 columns."""
    rows, columns = weights.shape
    full = np.zeros((padded(rows, STRIP_ROWS), padded(columns, COLUMN_MULTIPLE)), np.int8)
    full[:rows, :columns] = weights
    blocks = full.reshape(
        full.shape[0] // STRIP_ROWS, STRIP_ROWS, full.shape[1] // GROUP_COLUMNS, GROUP_COLUMNS
    )
    return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3)).reshape(-1)


def unpack(packed: Int8Array, rows: int, columns: int) -> Int8Array:
    """Inverse of pack; padding is dropped."""
    full_rows, full_columns = padded(rows, STRIP_ROWS), padded(columns, COLUMN_MULTIPLE)
    blocks = packed.reshape(
        full_rows // STRIP_ROWS, full_columns // GROUP_COLUMNS, STRIP_ROWS, GROUP_COLUMNS
    )
    full = blocks.transpose(0, 2, 1, 3).reshape(full_rows, full_columns)
    return np.ascontiguousarray(full[:rows, :columns])

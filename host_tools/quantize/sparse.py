# SPDX-License-Identifier: Apache-2.0
"""Block-sparse matrix layout of the kernels: the blocks of 16 rows x 4 columns that are not zero.

The index says for each strip of 16 rows the number of its blocks, then the first column of each,
rising; the blocks follow as [16 rows][4 columns] in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.network.prune import BLOCK_COLUMNS, BLOCK_ROWS
from host_tools.quantize.model import Int8Array
from host_tools.quantize.packing import COLUMN_MULTIPLE, STRIP_ROWS, padded

BLOCK_BYTES = BLOCK_ROWS * BLOCK_COLUMNS
BLOCK_ALIGNMENT = 64  # of the first block in its section, after the index
DENSITY_LIMIT = 2.0 / 3.0
"""Above this share of blocks the dense layout is as fast: its loop needs no index."""

Index = npt.NDArray[np.uint16]


def may_be_sparse(name: str, rows: int) -> bool:
    """Whether the library takes the matrix in blocks: int8 inputs and whole strips of 16 rows."""
    return name != "fc" and padded(rows, STRIP_ROWS) % BLOCK_ROWS == 0


def most_blocks(rows: int, columns: int) -> int:
    """Blocks of a matrix when none is zero, padding included."""
    return (padded(rows, BLOCK_ROWS) // BLOCK_ROWS) * (
        padded(columns, COLUMN_MULTIPLE) // BLOCK_COLUMNS
    )


def _blocks(weights: Int8Array) -> Int8Array:
    """[strips, groups, 16, 4] of a matrix padded with zeros."""
    rows, columns = weights.shape
    full = np.zeros((padded(rows, BLOCK_ROWS), padded(columns, COLUMN_MULTIPLE)), np.int8)
    full[:rows, :columns] = weights
    strips, groups = full.shape[0] // BLOCK_ROWS, full.shape[1] // BLOCK_COLUMNS
    split = full.reshape(strips, BLOCK_ROWS, groups, BLOCK_COLUMNS)
    return np.ascontiguousarray(split.transpose(0, 2, 1, 3))


def block_density(weights: Int8Array) -> float:
    """Share of the blocks that hold anything but zeros."""
    return float(np.mean(np.any(_blocks(weights), axis=(2, 3))))


def stored_sparse(name: str, weights: Int8Array) -> bool:
    """Whether an image holds the matrix in blocks: allowed and at most DENSITY_LIMIT dense."""
    return may_be_sparse(name, len(weights)) and block_density(weights) <= DENSITY_LIMIT


def count_blocks(weights: Int8Array) -> int:
    """Blocks that hold anything but zeros."""
    return int(np.count_nonzero(np.any(_blocks(weights), axis=(2, 3))))


def _index_bytes(rows: int, blocks: int) -> int:
    return 2 * (padded(rows, BLOCK_ROWS) // BLOCK_ROWS + blocks)


def section_bytes(rows: int, blocks: int) -> int:
    """Bytes of a block-sparse matrix in an image."""
    return padded(_index_bytes(rows, blocks), BLOCK_ALIGNMENT) + blocks * BLOCK_BYTES


@dataclass(frozen=True)
class StoredSize:
    """One matrix in an image: weights of a dense matrix, or those in the blocks of a sparse one;
    bytes with padding and index."""

    sparse: bool
    weights: int
    bytes: int


def stored_size(name: str, weights: Int8Array) -> StoredSize:
    """What the image holds of a matrix."""
    rows, columns = weights.shape
    if stored_sparse(name, weights):
        blocks = count_blocks(weights)
        return StoredSize(True, blocks * BLOCK_BYTES, section_bytes(rows, blocks))
    dense_bytes = padded(rows, STRIP_ROWS) * padded(columns, COLUMN_MULTIPLE)
    return StoredSize(False, weights.size, dense_bytes)


def pack_blocks(weights: Int8Array) -> tuple[Index, Int8Array]:
    """[rows, columns] to the index and the flat blocks."""
    blocks = _blocks(weights)
    kept = np.any(blocks, axis=(2, 3))
    index: list[int] = []
    for strip in kept:
        columns = np.flatnonzero(strip) * BLOCK_COLUMNS
        index += [len(columns), *columns.tolist()]
    return np.array(index, np.uint16), blocks[kept].reshape(-1)


def unpack_blocks(index: Index, blocks: Int8Array, rows: int, columns: int) -> Int8Array:
    """Inverse of pack_blocks. Raises ValueError when the index does not fit matrix and blocks."""
    strips, groups = padded(rows, BLOCK_ROWS) // BLOCK_ROWS, padded(columns, COLUMN_MULTIPLE)
    groups //= BLOCK_COLUMNS
    full = np.zeros((strips, groups, BLOCK_ROWS, BLOCK_COLUMNS), np.int8)
    stored = blocks.reshape(-1, BLOCK_ROWS, BLOCK_COLUMNS)
    at = used = 0
    for strip in range(strips):
        if at >= len(index):
            raise ValueError(f"index ends before strip {strip}")
        count = int(index[at])
        group, remainder = np.divmod(index[at + 1 : at + 1 + count].astype(int), BLOCK_COLUMNS)
        inside = len(group) == count and bool(np.all(group < groups)) and not remainder.any()
        if not inside or bool(np.any(np.diff(group) <= 0)) or used + count > len(stored):
            raise ValueError(f"wrong columns in strip {strip}")
        full[strip, group] = stored[used : used + count]
        at, used = at + 1 + count, used + count
    if used != len(stored) or at != len(index):
        raise ValueError("more blocks than the strips have")
    matrix = full.transpose(0, 2, 1, 3).reshape(strips * BLOCK_ROWS, groups * BLOCK_COLUMNS)
    return np.ascontiguousarray(matrix[:rows, :columns])


def pack_section(weights: Int8Array) -> Int8Array:
    """Index, zeros up to a multiple of 64, blocks: the tensor of a block-sparse matrix."""
    index, blocks = pack_blocks(weights)
    raw = index.astype("<u2").tobytes()
    raw = raw.ljust(padded(len(raw), BLOCK_ALIGNMENT), b"\0")
    return np.frombuffer(raw + blocks.tobytes(), np.int8)


def unpack_section(section: Int8Array, blocks: int, rows: int, columns: int) -> Int8Array:
    """Inverse of pack_section. Raises ValueError when the index is wrong."""
    index_bytes = _index_bytes(rows, blocks)
    index = section[:index_bytes].view("<u2").astype(np.uint16)
    stored = section[padded(index_bytes, BLOCK_ALIGNMENT) :]
    return unpack_blocks(index, stored, rows, columns)

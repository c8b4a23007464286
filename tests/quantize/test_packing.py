# SPDX-License-Identifier: Apache-2.0
"""The packed matrix layout."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from host_tools.quantize.packing import pack, padded, unpack

sizes = st.integers(1, 70)
seeds = st.integers(0, 2**32 - 1)


@given(rows=sizes, columns=sizes, seed=seeds)
def test_unpacking_gives_back_what_was_packed(rows: int, columns: int, seed: int) -> None:
    weights = np.random.default_rng(seed).integers(-127, 128, (rows, columns), np.int8)
    assert np.array_equal(unpack(pack(weights), rows, columns), weights)


@given(rows=sizes, columns=sizes, seed=seeds)
def test_a_weight_lies_where_the_document_says(rows: int, columns: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    weights = generator.integers(-127, 128, (rows, columns), np.int8)
    packed, full = pack(weights), padded(columns, 16)
    r, c = int(generator.integers(rows)), int(generator.integers(columns))
    assert packed[(r // 8) * 8 * full + (c // 4) * 32 + (r % 8) * 4 + c % 4] == weights[r, c]


@given(rows=sizes, columns=sizes)
def test_padding_is_zero(rows: int, columns: int) -> None:
    packed = pack(np.ones((rows, columns), np.int8))
    assert len(packed) == padded(rows, 8) * padded(columns, 16)
    assert int(packed.sum()) == rows * columns

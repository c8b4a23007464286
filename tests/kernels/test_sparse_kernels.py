# SPDX-License-Identifier: Apache-2.0
"""Block-sparse products give the bits of the dense ones, for every family that this CPU runs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.quantize.sparse import pack_blocks
from tests.kernels.lab import available_kernels, kernel_table, pointer
from tests.kernels.test_kernels import FAMILIES, aligned, draw, int8_product

GUARD = 16

Matrix = npt.NDArray[np.int64]
seeds = st.integers(0, 2**32 - 1)
column_counts = st.integers(1, 40).map(lambda groups: 16 * groups)
strip_densities = st.lists(st.sampled_from([0.0, 0.02, 0.1, 0.3, 0.6, 1.0]), min_size=1, max_size=6)


@pytest.fixture(params=FAMILIES, scope="module")
def family(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name not in available_kernels():
        pytest.skip(f"this CPU or build has no {name} kernels")
    return name


def sparse_matrix(
    generator: np.random.Generator, densities: list[float], columns: int, extreme: bool
) -> Matrix:
    """One strip of 16 rows for each density, the share of its blocks that may hold weights."""
    weights = draw(generator, 127, (16 * len(densities), columns), extreme)
    kept = generator.random((len(densities), columns // 4)) < np.array(densities)[:, None]
    return weights * kept.repeat(16, axis=0).repeat(4, axis=1)


def sparse_product(family: str, weights: Matrix, x: Matrix) -> npt.NDArray[np.int32]:
    """The product, checked to write nothing behind its rows."""
    index, blocks = pack_blocks(weights.astype(np.int8))
    acc = np.full(len(weights) + GUARD, 77, np.int32)
    stored, inputs = aligned(blocks), aligned(x.astype(np.int8))
    kernel_table(family).gemv_sparse_s8(
        pointer(acc), pointer(stored), pointer(index), pointer(inputs), len(weights)
    )
    assert np.all(acc[len(weights) :] == 77)
    return acc[: len(weights)]


@given(densities=strip_densities, columns=column_counts, seed=seeds, extreme=st.booleans())
def test_sparse_product_is_the_dense_one(
    family: str, densities: list[float], columns: int, seed: int, extreme: bool
) -> None:
    generator = np.random.default_rng(seed)
    weights = sparse_matrix(generator, densities, columns, extreme)
    x = draw(generator, 127, columns, extreme)
    product = sparse_product(family, weights, x)
    assert np.array_equal(product, int8_product(family, weights, x))
    assert np.array_equal(product, weights @ x)


@pytest.mark.parametrize("blocks", range(13))
def test_any_number_of_blocks_in_a_strip_is_taken(family: str, blocks: int) -> None:
    generator = np.random.default_rng(blocks)
    weights = generator.integers(1, 128, (32, 64)) * (np.arange(64) < 4 * blocks)
    weights[16:] = weights[16:, ::-1]
    x = draw(generator, 127, 64, False)
    assert np.array_equal(sparse_product(family, weights, x), weights @ x)


@pytest.mark.parametrize("sign", [-1, 1])
def test_sparse_product_takes_the_largest_values_at_the_largest_width(
    family: str, sign: int
) -> None:
    weights, x = np.full((16, 8192), 127), np.full(8192, 127 * sign)
    assert np.array_equal(sparse_product(family, weights, x), weights @ x)


def test_a_matrix_without_blocks_gives_zeros(family: str) -> None:
    assert not sparse_product(family, np.zeros((48, 32), np.int64), np.full(32, 127)).any()


@given(densities=strip_densities, columns=column_counts, seed=seeds, extreme=st.booleans())
def test_sparse_product_of_two_frames_is_two_products(
    family: str, densities: list[float], columns: int, seed: int, extreme: bool
) -> None:
    generator = np.random.default_rng(seed)
    weights = sparse_matrix(generator, densities, columns, extreme)
    window = draw(generator, 127, columns + 16, extreme)
    index, blocks = pack_blocks(weights.astype(np.int8))
    stored, both = aligned(blocks), aligned(window.astype(np.int8))
    acc = np.full((2, len(weights) + GUARD), 77, np.int32)
    kernel_table(family).gemv2_sparse_s8(
        pointer(acc[0]), pointer(acc[1]), pointer(stored), pointer(index),
        pointer(both), pointer(both[16:]), len(weights),
    )  # fmt: skip
    assert np.array_equal(acc[0, : len(weights)], weights @ window[:columns])
    assert np.array_equal(acc[1, : len(weights)], weights @ window[16:])
    assert np.all(acc[:, len(weights) :] == 77)

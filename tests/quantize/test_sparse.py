# SPDX-License-Identifier: Apache-2.0
"""The block-sparse layout: packing, choice of the layout, and the network with sparse matrices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.exchange.c_network import CNetwork
from host_tools.network.checkpoint import Checkpoint, random_checkpoint, save_checkpoint
from host_tools.network.profile import Profile
from host_tools.network.prune import Densities, block_mask, prune_checkpoint
from host_tools.quantize.image import write_image
from host_tools.quantize.integer_model import IntegerNetwork
from host_tools.quantize.model import Int8Array
from host_tools.quantize.quantize import quantize
from host_tools.quantize.sparse import (
    block_density,
    pack_blocks,
    pack_section,
    stored_size,
    stored_sparse,
    unpack_blocks,
    unpack_section,
)
from host_tools.quantize.weights import quantize_checkpoint
from tests.kernels.lab import available_kernels
from tests.quantize.models import (
    ODD_KERNELS,
    SMALL,
    extreme_features,
    loud_checkpoint,
    plausible_features,
)
from tests.quantize.test_integer_model import assert_equal

sizes = st.integers(1, 90)
seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.0, 0.1, 0.3, 0.6, 1.0])


def random_matrix(rows: int, columns: int, density: float, seed: int) -> Int8Array:
    """int8 weights of which about ``density`` of the blocks are not zero."""
    generator = np.random.default_rng(seed)
    kept = generator.random((-(-rows // 16), -(-columns // 4))) < density
    mask = kept.repeat(16, axis=0).repeat(4, axis=1)[:rows, :columns]
    return np.where(mask, generator.integers(1, 128, (rows, columns)), 0).astype(np.int8)


@given(rows=sizes, columns=sizes, density=shares, seed=seeds)
def test_unpacking_gives_back_what_was_packed(
    rows: int, columns: int, density: float, seed: int
) -> None:
    weights = random_matrix(rows, columns, density, seed)
    index, blocks = pack_blocks(weights)
    assert np.array_equal(unpack_blocks(index, blocks, rows, columns), weights)
    section = pack_section(weights)
    assert np.array_equal(unpack_section(section, len(blocks) // 64, rows, columns), weights)


@given(rows=sizes, columns=sizes, density=shares, seed=seeds)
def test_a_weight_lies_where_the_document_says(
    rows: int, columns: int, density: float, seed: int
) -> None:
    weights = random_matrix(rows, columns, density, seed)
    index, blocks = pack_blocks(weights)
    rebuilt = np.zeros((-(-rows // 16) * 16, -(-columns // 16) * 16), np.int8)
    numbers, block = iter(index.tolist()), 0
    for strip in range(-(-rows // 16)):
        for _ in range(next(numbers)):
            column = next(numbers)
            for byte in range(64):
                value = blocks[64 * block + byte]
                rebuilt[16 * strip + byte // 4, column + byte % 4] = value
            block += 1
    assert np.array_equal(rebuilt[:rows, :columns], weights)
    assert not rebuilt[rows:].any()


@pytest.mark.parametrize(
    ("index", "why"),
    [
        ([2, 0, 0, 0], "a column twice"),
        ([2, 4, 0, 0], "falling columns"),
        ([2, 0, 16, 0], "a column behind the matrix"),
        ([2, 0, 65532, 0], "a column far behind the matrix"),
        ([2, 0, 6, 0], "a column inside a group"),
        ([3, 0, 4, 8], "more blocks than there are"),
        ([1, 0, 0, 0], "fewer blocks than there are"),
        ([65535, 0, 4, 0], "a count behind the index"),
        ([1, 0, 2, 0], "strips that take more than the index holds"),
        ([2, 0], "an index that ends early"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_index_is_refused(index: list[int], why: str) -> None:
    blocks = np.ones(2 * 64, np.int8)
    with pytest.raises(ValueError, match=r"strip|index"):
        unpack_blocks(np.array(index, np.uint16), blocks, 32, 16)


def test_two_thirds_of_the_blocks_are_the_most_that_is_stored_sparse() -> None:
    for kept, sparse in ((8, True), (9, False), (0, True)):
        weights = np.ones((16, 48), np.int8)
        weights[:, 4 * kept :] = 0
        assert stored_sparse("conv2", weights) is sparse
        assert block_density(weights) == kept / 12


def test_sparse_storage_is_always_smaller_from_a_few_strips_on() -> None:
    weights = np.ones((48, 96), np.int8)
    weights[:, 64:] = 0
    stored = stored_size("conv2", weights)
    assert stored.sparse
    assert stored.weights == 48 * 64
    assert stored.bytes == len(pack_section(weights)) < weights.size


def test_the_first_layer_and_matrices_of_half_strips_stay_dense() -> None:
    assert not stored_sparse("fc", np.zeros((128, 70), np.int8))
    assert not stored_sparse("fc_gb", np.zeros((35, 2560), np.int8))


densities = st.builds(Densities, shares, shares, shares, shares, shares)


@settings(max_examples=25)
@given(
    profile=st.sampled_from([SMALL, ODD_KERNELS]),
    seed=st.integers(0, 10**6),
    pruning=densities,
    loudness=st.sampled_from([1.0, 6.0]),
    extreme=st.booleans(),
)
def test_sparse_networks_agree_to_the_bit_in_numpy_and_every_kernel_frame_by_frame_and_in_packets(
    profile: Profile, seed: int, pruning: Densities, loudness: float, extreme: bool
) -> None:
    model = quantize_checkpoint(prune_checkpoint(loud_checkpoint(profile, seed, loudness), pruning))
    features = (extreme_features if extreme else plausible_features)(9, seed)
    wanted, image = IntegerNetwork(model).run(features), write_image(model)
    for kernel in available_kernels():
        for per_call in (1, 2):
            assert_equal(CNetwork(image, kernel).run(features, per_call), wanted)


def pruned_only(name: str, density: float) -> Checkpoint:
    """A small network with one pruned tensor."""
    checkpoint = random_checkpoint(SMALL, 2)
    tensors = dict(checkpoint.tensors)
    tensors[name] = (tensors[name] * block_mask(tensors[name], density)).astype(np.float32)
    return Checkpoint(SMALL, tensors, checkpoint.metadata)


def test_pruning_makes_the_image_smaller_and_the_report_says_by_how_much(tmp_path: Path) -> None:
    save_checkpoint(pruned_only("gru2.input_weight", 0.25), tmp_path / "model")
    report = quantize(tmp_path / "model", None, tmp_path / "m.pnm")
    dense = write_image(quantize_checkpoint(random_checkpoint(SMALL, 2)))
    matrices = {matrix.name: matrix for matrix in report.matrices}
    pruned = matrices.pop("gru2.input")
    assert pruned.sparse
    assert pruned.density == 0.25
    assert pruned.stored_weights == pruned.rows * pruned.columns // 4
    assert not any(matrix.sparse for matrix in matrices.values())
    assert report.image_bytes == len(dense) - (96 * 32 - pruned.stored_bytes)
    assert report.weights - report.stored_weights == 96 * 32 - pruned.stored_weights

# SPDX-License-Identifier: Apache-2.0
"""Block pruning keeps the strongest blocks and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.network.checkpoint import random_checkpoint
from host_tools.network.profile import Profile
from host_tools.network.prune import (
    Densities,
    block_mask,
    densities_at,
    prune_checkpoint,
    prune_matrix,
)

SMALL = Profile("small", fc=16, conv1=32, conv2=48, gru=32, gru_gb=48, gru_rb=16)


def energies(weight: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Sum of squares of each block of 16 x 4."""
    rows, columns = weight.shape
    return np.square(weight).reshape(rows // 16, 16, columns // 4, 4).sum(axis=(1, 3))


@given(
    strips=st.integers(1, 5),
    groups=st.integers(1, 20),
    density=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_pruning_keeps_the_wanted_share_and_no_weaker_block(
    strips: int, groups: int, density: float, seed: int
) -> None:
    weight = np.random.default_rng(seed).normal(size=(16 * strips, 4 * groups)).astype(np.float32)
    pruned = prune_matrix(weight, density)
    before, after = energies(weight), energies(pruned)
    kept = after > 0
    assert np.count_nonzero(kept) == round(density * strips * groups)
    assert np.array_equal(after[kept], before[kept])
    assert before[kept].min(initial=np.inf) >= before[~kept].max(initial=0.0)


def test_of_equal_blocks_the_first_ones_stay() -> None:
    mask = block_mask(np.ones((16, 16)), 0.5)
    assert mask[:, :8].all()
    assert not mask[:, 8:].any()


def test_each_gate_gets_its_own_density() -> None:
    pruned = prune_checkpoint(random_checkpoint(SMALL, 1), Densities(1.0, 0.5, 0.25, 0.125, 0.75))
    for name, share in (("conv1", 1.0), ("conv2", 0.5)):
        assert np.mean(energies(pruned.tensors[f"{name}.weight"]) > 0) == share
    for gate, share in enumerate((0.25, 0.125, 0.75)):
        rows = pruned.tensors["gru_gb.recurrent_weight"][48 * gate : 48 * (gate + 1)]
        assert np.count_nonzero(energies(rows)) == round(share * 36)


def test_small_layers_and_biases_are_left_alone() -> None:
    checkpoint = random_checkpoint(SMALL, 1)
    pruned = prune_checkpoint(checkpoint)
    for name, tensor in checkpoint.tensors.items():
        if name.startswith(("fc", "feature")) or tensor.ndim == 1:
            assert np.array_equal(pruned.tensors[name], tensor), name


def test_the_default_densities_keep_less_than_2_6_million_weights_of_the_standard_network() -> None:
    pruned = prune_checkpoint(random_checkpoint(Profile(), 1))
    kept = sum(np.count_nonzero(t) for t in pruned.tensors.values() if t.ndim == 2)
    assert 2_000_000 < kept < 2_600_000


@pytest.mark.parametrize("density", [-0.1, 1.1])
def test_a_density_that_is_no_share_is_refused(density: float) -> None:
    with pytest.raises(ValueError, match="candidate"):
        Densities(candidate=density)


def test_gradual_densities_fall_from_one_to_the_final_ones_and_stay_there() -> None:
    final = Densities(conv1=1.0, conv2=0.5)
    shares = [densities_at(final, share).conv2 for share in (0.0, 0.25, 0.5, 1.0, 1.5)]
    assert shares[0] == 1.0
    assert shares[-2:] == [0.5, 0.5]
    assert shares == sorted(shares, reverse=True)
    assert densities_at(final, 0.3).conv1 == 1.0

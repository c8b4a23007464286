# SPDX-License-Identifier: Apache-2.0
"""Float checkpoint to int8 weights, multipliers and biases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.errors import DataError
from host_tools.network.checkpoint import Checkpoint, random_checkpoint
from host_tools.quantize.weights import quantize_checkpoint, quantize_rows
from tests.quantize.models import SMALL


def changed(name: str, value: object) -> Checkpoint:
    """A random checkpoint with one tensor replaced."""
    checkpoint = random_checkpoint(SMALL, 1)
    tensors = dict(checkpoint.tensors)
    tensors[name] = np.asarray(value, np.float32)
    return Checkpoint(SMALL, tensors, checkpoint.metadata)


@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(1e-6, 10.0))
def test_rounding_error_is_at_most_half_a_step(seed: int, spread: float) -> None:
    weight = np.random.default_rng(seed).normal(0.0, spread, (8, 40))
    w8, scale = quantize_rows(weight)
    assert np.all(np.abs(w8 * scale[:, None] - weight) <= 0.5001 * scale[:, None])


@given(seed=st.integers(0, 2**32 - 1))
def test_largest_weight_of_a_row_becomes_127(seed: int) -> None:
    w8, _ = quantize_rows(np.random.default_rng(seed).normal(0.0, 1.0, (8, 40)))
    assert np.all(np.abs(w8.astype(int)).max(axis=1) == 127)


def test_a_row_of_zeros_stays_zero_and_has_multiplier_zero() -> None:
    weight = random_checkpoint(SMALL, 1).tensors["conv1.weight"].copy()
    weight[3] = 0.0
    matrix = quantize_checkpoint(changed("conv1.weight", weight)).matrices["conv1"]
    assert not matrix.weights[3].any()
    assert matrix.multiplier[3] == 0


def test_multiplier_times_weights_is_the_float_pre_activation() -> None:
    checkpoint = random_checkpoint(SMALL, 1)
    matrix = quantize_checkpoint(checkpoint).matrices["conv2"]
    x8 = np.random.default_rng(2).integers(-127, 128, SMALL.conv1 * 3)
    acc = matrix.weights.astype(np.int64) @ x8
    pre_q12 = acc * 8.0 * matrix.multiplier / 2.0**31
    wanted = checkpoint.tensors["conv2.weight"] @ (x8 / 127.0) * 4096.0
    assert np.abs(pre_q12 - wanted).max() < 0.02 * np.abs(wanted).max()


def test_gates_z_and_r_carry_the_sum_of_both_biases() -> None:
    checkpoint = random_checkpoint(SMALL, 1)
    matrices = quantize_checkpoint(checkpoint).matrices
    given_bias = checkpoint.tensors["gru2.input_bias"], checkpoint.tensors["gru2.recurrent_bias"]
    units = SMALL.gru
    both = np.rint((given_bias[0] + given_bias[1]).astype(np.float64) * 4096.0)
    assert np.abs(matrices["gru2.input"].bias_q12[: 2 * units] - both[: 2 * units]).max() <= 1
    alone = np.rint(given_bias[1][2 * units :].astype(np.float64) * 4096.0)
    assert np.array_equal(matrices["gru2.recurrent"].bias_q12, alone)


def test_a_weight_too_large_for_its_multiplier_names_the_row() -> None:
    weight = random_checkpoint(SMALL, 1).tensors["gru1.input_weight"].copy()
    weight[5, 2] = 40.0
    with pytest.raises(DataError, match=r"gru1\.input: row 5 has a weight of 40"):
        quantize_checkpoint(changed("gru1.input_weight", weight))


def test_a_bias_too_large_is_refused() -> None:
    bias = np.full(SMALL.conv1, 1e6)
    with pytest.raises(DataError, match="conv1"):
        quantize_checkpoint(changed("conv1.bias", bias))


def test_a_feature_that_hardly_varies_is_refused_by_number() -> None:
    std = random_checkpoint(SMALL, 1).tensors["feature_std"].copy()
    std[68] = 0.5
    with pytest.raises(DataError, match="feature 68"):
        quantize_checkpoint(changed("feature_std", std))

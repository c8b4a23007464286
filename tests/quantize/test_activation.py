# SPDX-License-Identifier: Apache-2.0
"""The piecewise cubics over every int16 argument."""

from __future__ import annotations

import numpy as np
import pytest

from host_tools.generate.activation_tables import render
from host_tools.quantize.activation import (
    SIGMOID_TABLE,
    TANH_TABLE,
    evaluate,
    sigmoid_q15,
    tanh_q15,
)

ALL_INT16 = np.arange(-32768, 32768)
MAX_ERROR_LSB = 6.0


def test_tanh_is_within_six_units_of_q15() -> None:
    error = np.abs(tanh_q15(ALL_INT16) - 32768.0 * np.tanh(ALL_INT16 / 4096.0))
    assert error.max() <= MAX_ERROR_LSB


def test_sigmoid_is_within_six_units_of_q15() -> None:
    error = np.abs(sigmoid_q15(ALL_INT16) - 32768.0 / (1.0 + np.exp(-ALL_INT16 / 2048.0)))
    assert error.max() <= MAX_ERROR_LSB


def test_tanh_stays_inside_plus_minus_32767() -> None:
    assert np.abs(tanh_q15(ALL_INT16)).max() <= 32767


def test_sigmoid_stays_inside_1_to_32767() -> None:
    values = sigmoid_q15(ALL_INT16)
    assert values.min() >= 1
    assert values.max() <= 32767


def test_tanh_is_odd_and_zero_at_zero() -> None:
    assert np.array_equal(tanh_q15(-ALL_INT16[1:]), -tanh_q15(ALL_INT16[1:]))
    assert tanh_q15(np.array([0]))[0] == 0


def test_sigmoid_is_one_half_at_zero_and_symmetric_about_it() -> None:
    assert sigmoid_q15(np.array([0]))[0] == 16384
    assert np.all(sigmoid_q15(ALL_INT16[1:]) + sigmoid_q15(-ALL_INT16[1:]) == 32768)


@pytest.mark.parametrize("function", [tanh_q15, sigmoid_q15])
def test_a_larger_argument_never_lowers_the_value_by_more_than_one_unit(function) -> None:  # type: ignore[no-untyped-def]
    assert np.diff(function(ALL_INT16)).min() >= -1


@pytest.mark.parametrize("table", [TANH_TABLE, SIGMOID_TABLE], ids=["tanh", "sigmoid"])
def test_no_intermediate_sum_leaves_int16(table) -> None:  # type: ignore[no-untyped-def]
    t_q15 = np.arange(-32768, 32768, 32)
    for order in range(4):
        shortened = table.T.copy()[:, order:]
        padded = np.zeros((16, 4), np.int64)
        padded[:, : 4 - order] = shortened
        partial = evaluate(padded, t_q15)
        assert np.abs(partial).max() <= 32767


def test_tables_render_to_the_same_text_every_time() -> None:
    assert render() == render()

# SPDX-License-Identifier: Apache-2.0
"""Properties of the integer arithmetic, against Python's unbounded integers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.accuracy.lab import apply

INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
ENERGY = st.integers(1, 2**63 - 1)
Q15_GAIN = st.integers(-(2**15), 2**15)

# No deadline: a loaded machine is not an error.
PROPERTY = settings(deadline=None, max_examples=200)


def one(name: str, kind: type[np.generic], *arguments: tuple[int, type]) -> int:
    """A helper on single numbers."""
    columns: list[tuple[Any, type]] = [(np.array([value], t), t) for value, t in arguments]
    return int(apply(name, kind, *columns)[0])


def half_up(x: int, bits: int) -> int:
    """x / 2^bits rounded half up."""
    return (x + (1 << (bits - 1))) >> bits


@PROPERTY
@given(INT32, INT32)
def test_mul_q31_is_the_product_rounded_half_up(a: int, b: int) -> None:
    if a == b == -(2**31):
        return
    assert one("mul_q31", np.int32, (a, np.int32), (b, np.int32)) == half_up(a * b, 31)


@PROPERTY
@given(Q15_GAIN, st.integers(-(2**15), 2**15 - 1))
def test_mul_q15_is_the_product_rounded_half_up(a: int, b: int) -> None:
    assert one("mul_q15", np.int32, (a, np.int32), (b, np.int32)) == half_up(a * b, 15)


@PROPERTY
@given(st.integers(-(2**30), 2**30), st.integers(1, 30))
def test_round_shift32_rounds_half_up(x: int, bits: int) -> None:
    assert one("round_shift32", np.int32, (x, np.int32), (bits, np.int32)) == half_up(x, bits)


@PROPERTY
@given(st.integers(-(2**62), 2**62), st.integers(1, 62))
def test_round_shift64_rounds_half_up(x: int, bits: int) -> None:
    assert one("round_shift64", np.int64, (x, np.int64), (bits, np.int32)) == half_up(x, bits)


@PROPERTY
@given(INT32)
def test_sat16_clamps(x: int) -> None:
    assert one("sat16", np.int32, (x, np.int32)) == max(-32768, min(32767, x))


@PROPERTY
@given(INT64)
def test_sat32_clamps(x: int) -> None:
    assert one("sat32", np.int32, (x, np.int64)) == max(-(2**31), min(2**31 - 1, x))


@PROPERTY
@given(st.integers(0, 2**64 - 1))
def test_clz64_counts_leading_zeros(x: int) -> None:
    assert one("clz64", np.int32, (x, np.uint64)) == 64 - x.bit_length()


@PROPERTY
@given(st.integers(1, 2**64 - 1))
def test_log2_is_within_3_lsb(x: int) -> None:
    assert abs(one("log2_q15", np.int32, (x, np.uint64)) - 32768 * math.log2(x)) < 3


@PROPERTY
@given(st.integers(1, 2**64 - 2))
def test_log2_never_falls(x: int) -> None:
    low, high = apply("log2_q15", np.int32, (np.array([x, x + 1], np.uint64), np.uint64))
    assert low <= high


@PROPERTY
@given(st.integers(0, 2**32 - 1))
def test_isqrt_is_the_floor_of_the_root(x: int) -> None:
    assert one("isqrt32", np.uint32, (x, np.uint32)) == math.isqrt(x)


def sqrt_ratio(numerator: int, denominator: int, most: int) -> int:
    """pn_sqrt_ratio_q20."""
    return one(
        "sqrt_ratio_q20",
        np.int32,
        (numerator, np.uint64),
        (denominator, np.uint64),
        (most, np.int32),
    )


@PROPERTY
@given(ENERGY, ENERGY, st.sampled_from([1 << 20, 2 << 20, 4 << 20]))
def test_sqrt_ratio_is_within_2_lsb(numerator: int, denominator: int, most: int) -> None:
    exact = min(most / 2**20, math.sqrt(numerator / denominator))
    # Below 2^-6 the ratio itself, in Q28, has few digits.
    tolerance = 2 if exact > 2**-6 else 70
    assert abs(sqrt_ratio(numerator, denominator, most) - 2**20 * exact) < tolerance


@PROPERTY
@given(ENERGY)
def test_sqrt_ratio_of_equals_is_exactly_one(energy: int) -> None:
    assert sqrt_ratio(energy, energy, 2 << 20) == 1 << 20


@PROPERTY
@given(st.integers(0, 2**64 - 1))
def test_sqrt_ratio_with_nothing_below_is_the_maximum_or_one(energy: int) -> None:
    assert sqrt_ratio(energy, 0, 2 << 20) == (2 << 20 if energy else 1 << 20)


@PROPERTY
@given(st.integers(1, 2**62), st.integers(1, 2**62), st.floats(-1, 1))
def test_cosine_is_within_8_lsb(energy_a: int, energy_b: int, cosine: float) -> None:
    cross = int(cosine * math.sqrt(energy_a) * math.sqrt(energy_b))
    got = one(
        "cosine_q15", np.int32, (cross, np.int64), (energy_a, np.uint64), (energy_b, np.uint64)
    )
    exact = cross / math.sqrt(energy_a * energy_b)
    assert -32767 <= got <= 32767
    assert abs(got - 32768 * exact) < 8


@PROPERTY
@given(st.integers(0, 2**64 - 1), st.integers(-31, 31))
def test_shift_energy_saturates(x: int, shift: int) -> None:
    wanted = min(2**64 - 1, x << (2 * shift)) if shift > 0 else x >> (-2 * shift)
    assert one("shift_energy", np.uint64, (x, np.uint64), (shift, np.int32)) == wanted


def test_sine_is_within_2_to_the_minus_21_and_exact_at_both_ends() -> None:
    x = np.arange(0, 2**20 + 1, 7, dtype=np.int32)
    x = np.append(x, 2**20).astype(np.int32)
    got = apply("sine_quarter_q30", np.int32, (x, np.int32)) / 2**30
    assert got[0] == 0.0
    assert got[-1] == 1.0
    assert np.abs(got - np.sin(np.pi / 2 * x / 2**20)).max() < 2**-21

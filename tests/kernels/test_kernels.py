# SPDX-License-Identifier: Apache-2.0
"""Every kernel against its definition in NumPy, for every family that this CPU runs."""

from __future__ import annotations

import ctypes
import platform
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.quantize.activation import sigmoid_q15, tanh_q15
from host_tools.quantize.integer_model import mul_q31, round_shift, sat16, to_x8
from host_tools.quantize.packing import pack
from tests.kernels.lab import GruScales, available_kernels, kernel_table, pointer
from tests.needs import need

ARM = platform.machine().lower().startswith(("arm", "aarch64"))
FAMILIES = ("scalar", "neon", "dotprod") if ARM else ("scalar", "avx2", "avx512vnni")
ALL_INT16 = np.arange(-32768, 32768).astype(np.int16)

Array = npt.NDArray[np.generic]
seeds = st.integers(0, 2**32 - 1)
row_counts = st.integers(1, 11).map(lambda strips: 8 * strips)
column_counts = st.integers(1, 40).map(lambda groups: 16 * groups)


@pytest.fixture(params=FAMILIES, scope="module")
def family(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name not in available_kernels():
        pytest.skip(f"this CPU or build has no {name} kernels")
    return name


def aligned(values: Array) -> Array:
    """A copy that starts at a multiple of 64 bytes, as weights and inputs do."""
    memory = np.zeros(values.nbytes + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copy = memory[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    copy[...] = values
    return copy


def draw(
    generator: np.random.Generator, limit: int, shape: int | tuple[int, ...], extreme: bool
) -> npt.NDArray[np.int64]:
    """Whole numbers in [-limit, limit]; extreme: only the ends and zero."""
    if extreme:
        return limit * generator.integers(-1, 2, shape)
    return generator.integers(-limit, limit + 1, shape)


def int8_product(family: str, weights: Array, x: Array) -> npt.NDArray[np.int32]:
    rows, columns = weights.shape
    acc = np.zeros(rows, np.int32)
    packed, inputs = aligned(pack(weights.astype(np.int8))), aligned(x.astype(np.int8))
    kernel_table(family).gemv_s8(pointer(acc), pointer(packed), pointer(inputs), rows, columns)
    return acc


@given(rows=row_counts, columns=column_counts, seed=seeds, extreme=st.booleans())
def test_int8_product_is_the_exact_sum(
    family: str, rows: int, columns: int, seed: int, extreme: bool
) -> None:
    generator = np.random.default_rng(seed)
    weights = draw(generator, 127, (rows, columns), extreme)
    x = draw(generator, 127, columns, extreme)
    assert np.array_equal(int8_product(family, weights, x), weights @ x)


@pytest.mark.parametrize("sign", [-1, 1])
def test_int8_product_takes_the_largest_values_at_the_largest_width(family: str, sign: int) -> None:
    weights = np.full((8, 8192), 127)
    x = np.full(8192, 127 * sign)
    assert np.array_equal(int8_product(family, weights, x), weights @ x)


@given(rows=row_counts, columns=column_counts, seed=seeds, extreme=st.booleans())
def test_product_of_two_frames_is_two_products(
    family: str, rows: int, columns: int, seed: int, extreme: bool
) -> None:
    generator = np.random.default_rng(seed)
    weights = draw(generator, 127, (rows, columns), extreme)
    window = draw(generator, 127, columns + 16, extreme)
    packed, both = aligned(pack(weights.astype(np.int8))), aligned(window.astype(np.int8))
    acc = np.zeros((2, rows), np.int32)
    kernel_table(family).gemv2_s8(
        pointer(acc[0]), pointer(acc[1]), pointer(packed), pointer(both), pointer(both[16:]),
        rows, columns,
    )  # fmt: skip
    assert np.array_equal(acc[0], weights @ window[:columns])
    assert np.array_equal(acc[1], weights @ window[16:])


@given(
    rows=row_counts,
    columns=st.integers(1, 32).map(lambda n: 16 * n),
    seed=seeds,
    extreme=st.booleans(),
)
def test_int16_product_is_the_exact_sum(
    family: str, rows: int, columns: int, seed: int, extreme: bool
) -> None:
    generator = np.random.default_rng(seed)
    weights = draw(generator, 127, (rows, columns), extreme)
    x = draw(generator, 32767, columns, extreme)
    packed, inputs = aligned(pack(weights.astype(np.int8))), aligned(x.astype(np.int16))
    acc = np.zeros(rows, np.int32)
    kernel_table(family).gemv_s8_s16(pointer(acc), pointer(packed), pointer(inputs), rows, columns)
    assert np.array_equal(acc, weights @ x)


@given(
    n=st.integers(1, 40).map(lambda k: 8 * k),
    shift=st.sampled_from([0, 3]),
    pre_shift=st.sampled_from([0, 1]),
    seed=seeds,
    extreme=st.booleans(),
)
def test_requantisation_is_one_rounded_product_and_a_saturated_sum(
    family: str, n: int, shift: int, pre_shift: int, seed: int, extreme: bool
) -> None:
    generator = np.random.default_rng(seed)
    acc = draw(generator, (1 << (30 - shift)) - 1, n, extreme) >> generator.integers(0, 24, n)
    multiplier = generator.integers(0, 2**31, n) >> generator.integers(0, 8, n)
    if extreme:
        multiplier[:] = 2**31 - 1
    bias = draw(generator, 1 << 28, n, extreme) >> generator.integers(0, 24, n)
    out = np.zeros(n, np.int16)
    operands = [a.astype(np.int32) for a in (acc, multiplier, bias)]
    kernel_table(family).requantise(pointer(out), *map(pointer, operands), shift, pre_shift, n)
    sum_q12 = mul_q31(acc << shift, multiplier) + bias
    assert np.array_equal(out, sat16((sum_q12 + pre_shift) >> pre_shift))


@pytest.mark.parametrize(
    ("kernel", "definition"), [("tanh_q15", tanh_q15), ("sigmoid_q15", sigmoid_q15)]
)
def test_activation_equals_its_definition_for_every_argument(family, kernel, definition) -> None:  # type: ignore[no-untyped-def]
    out = np.zeros_like(ALL_INT16)
    getattr(kernel_table(family), kernel)(pointer(out), pointer(ALL_INT16), len(ALL_INT16))
    assert np.array_equal(out, definition(ALL_INT16.astype(np.int64)))


def test_activation_of_eight_values_writes_eight_values(family: str) -> None:
    out = np.full(24, 77, np.int16)
    kernel_table(family).tanh_q15(pointer(out), pointer(ALL_INT16), 8)
    assert np.all(out[8:] == 77)
    assert np.array_equal(out[:8], tanh_q15(ALL_INT16[:8].astype(np.int64)))


def test_int8_of_every_q15_value_is_its_rounded_share_of_127(family: str) -> None:
    x_q15 = np.r_[ALL_INT16[1:], np.zeros(1, np.int16)]
    out = np.zeros(len(x_q15), np.int8)
    kernel_table(family).quantise_x8(pointer(out), pointer(x_q15), len(x_q15))
    assert np.array_equal(out, np.floor(x_q15 * (127 / 32768.0) + 0.5))


@dataclass(frozen=True)
class GruCase:
    """Random operands of one GRU step of ``units`` units."""

    units: int
    acc: npt.NDArray[np.int64]
    multiplier: npt.NDArray[np.int64]
    input_bias: npt.NDArray[np.int64]
    recurrent_bias: npt.NDArray[np.int64]
    h_q24: npt.NDArray[np.int64]


def gru_case(seed: int, units: int, extreme: bool) -> GruCase:
    generator = np.random.default_rng(seed)
    acc = draw(generator, (1 << 25) - 1, (2, 3 * units), extreme)
    multiplier = generator.integers(0, 2**31, (2, 3 * units))
    spread = 0 if extreme else generator.integers(0, 24, (2, 3 * units))
    return GruCase(
        units,
        acc,
        np.where(extreme, 2**31 - 1, multiplier) >> spread,
        draw(generator, 1 << 28, 3 * units, extreme) >> generator.integers(0, 24),
        draw(generator, 1 << 28, units, extreme) >> generator.integers(0, 24),
        draw(generator, 32767 * 512, units, extreme),
    )


def gru_definition(case: GruCase) -> npt.NDArray[np.int64]:
    """New state in Q24, straight from the contract."""
    units = case.units
    a = mul_q31(case.acc[0] << 3, case.multiplier[0]) + case.input_bias
    u = mul_q31(case.acc[1] << 3, case.multiplier[1])
    z, r = (sigmoid_q15(sat16(round_shift((a + u)[g * units :][:units], 1))) for g in (0, 1))
    z = np.minimum(z, 32640)  # 1 - 2^-8
    gated = a[2 * units :] + mul_q31(u[2 * units :] + case.recurrent_bias, r << 16)
    n_q24 = tanh_q15(sat16(gated)) << 9
    return n_q24 + mul_q31(case.h_q24 - n_q24, z << 16)


@given(seed=seeds, units=st.integers(1, 12).map(lambda k: 16 * k), extreme=st.booleans())
def test_gru_step_equals_its_definition(family: str, seed: int, units: int, extreme: bool) -> None:
    case = gru_case(seed, units, extreme)
    operands = [
        a.astype(np.int32)
        for a in (case.multiplier[0], case.input_bias, case.multiplier[1], case.recurrent_bias)
    ]
    scales = GruScales(*(pointer(a) for a in operands))
    h_q24, x8 = case.h_q24.astype(np.int32), np.zeros(units, np.int8)
    acc = case.acc.astype(np.int32)
    kernel_table(family).gru_update(
        pointer(h_q24), pointer(x8), pointer(acc[0]), pointer(acc[1]), ctypes.byref(scales), units
    )
    wanted = gru_definition(case)
    assert np.array_equal(h_q24, wanted)
    assert np.array_equal(x8, to_x8(round_shift(wanted, 9)))


@given(seed=seeds)
def test_gru_state_never_leaves_its_range(seed: int) -> None:
    assert np.abs(gru_definition(gru_case(seed, 64, extreme=True))).max() <= 32767 * 512


def test_the_usual_simd_kernels_of_this_processor_are_there() -> None:
    need(FAMILIES[1] in available_kernels(), f"this CPU or build has no {FAMILIES[1]}")
    assert available_kernels()[0] == "scalar"

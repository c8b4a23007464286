# SPDX-License-Identifier: Apache-2.0
"""The ARM libraries hold no floating-point instruction and call nothing they should not."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.build.disassembly import Function, read_functions
from tests.needs import need_build, need_program

PRESETS = ("rpi-aarch64", "rpi-armv7")

MEMORY = {"memcpy", "memmove", "memset", "memcmp", "memchr", "strcmp", "strlen"}
ALLOCATION = {"malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "free"}
CPU_FEATURES = {"getauxval"}
# integer division of 32-bit ARM (run-time ABI, section 4.3.1)
INTEGER_DIVISION = {"__aeabi_idiv", "__aeabi_uidiv", "__aeabi_ldivmod", "__aeabi_uldivmod"}
INTEGER_DIVISION |= {"__aeabi_idivmod", "__aeabi_uidivmod"}

# Every AArch64 floating-point mnemonic begins with f but for conversions and bfloat16.
A64_FLOAT = re.compile(r"^(f\w+|[su]cvtf\w*|bfdot|bfcvt\w*|bfml\w+|bfmmla)$")
A64_MOVES = {"fmov"}  # register to register: the only way from a general to a vector register
A32_FLOAT = re.compile(r"\.(f16|f32|f64|bf16)\b")
A32_MOVES = {"vmov.f32", "vmov.f64"}


def is_float_instruction(preset: str, mnemonic: str, operands: str) -> bool:
    """Whether an instruction computes with floating-point values (a plain move does not)."""
    if preset == "rpi-aarch64":
        matches, moves = A64_FLOAT.match(mnemonic.split(".")[0]), A64_MOVES
    else:
        matches, moves = A32_FLOAT.search(mnemonic), A32_MOVES
    is_register_move = mnemonic in moves and "#" not in operands
    return bool(matches) and not is_register_move


@cache
def functions_of(preset: str) -> list[Function]:
    return read_functions(need_program("llvm-objdump-19"), need_build(preset))


@pytest.mark.parametrize("preset", PRESETS)
def test_library_has_no_floating_point_instruction(preset: str) -> None:
    functions = functions_of(preset)
    assert sum(len(function.instructions) for function in functions) > 5000
    found = [
        f"{function.name}: {mnemonic} {operands}"
        for function in functions
        for mnemonic, operands in function.instructions
        if is_float_instruction(preset, mnemonic, operands)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("preset", "mnemonic", "operands", "expected"),
    [
        ("rpi-aarch64", "fadd", "s0, s1, s2", True),
        ("rpi-aarch64", "fmla", "v0.4s, v1.4s, v2.4s", True),
        ("rpi-aarch64", "scvtf", "d0, w1", True),
        ("rpi-aarch64", "fmov", "s0, #1.0", True),
        ("rpi-aarch64", "fmov", "d0, x1", False),
        ("rpi-aarch64", "bfi", "w0, w1, #3, #4", False),
        ("rpi-aarch64", "sdot", "v0.4s, v1.16b, v2.16b", False),
        ("rpi-armv7", "vmul.f32", "q0, q1, q2", True),
        ("rpi-armv7", "vcvt.s32.f32", "s0, s0", True),
        ("rpi-armv7", "vmov.f64", "d0, d1", False),
        ("rpi-armv7", "vmull.s8", "q0, d1, d2", False),
    ],
)
def test_scan_tells_floating_point_from_integer_instructions(
    preset: str, mnemonic: str, operands: str, expected: bool
) -> None:
    assert is_float_instruction(preset, mnemonic, operands) is expected


@pytest.mark.parametrize("preset", PRESETS)
def test_library_calls_only_the_listed_outside_functions(preset: str) -> None:
    functions = functions_of(preset)
    named = {name for function in functions for name in function.references}
    outside = {name for name in named if not name.startswith(("pn_", "."))}
    outside -= {function.name for function in functions} | {"_GLOBAL_OFFSET_TABLE_"}
    assert outside <= MEMORY | ALLOCATION | CPU_FEATURES | INTEGER_DIVISION


@pytest.mark.parametrize("preset", PRESETS)
def test_only_create_and_destroy_allocate(preset: str) -> None:
    users = {f.name for f in functions_of(preset) if f.references & ALLOCATION}
    assert users == {"pn_create", "pn_destroy"}

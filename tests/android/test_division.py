# SPDX-License-Identifier: Apache-2.0
"""The division routines of builds without the NDK, against Python's integers."""

from __future__ import annotations

import random
import struct
import subprocess
from pathlib import Path

from tests.needs import ROOT, need_program

HERE = Path(__file__).parent
SOURCE = ROOT / "android/percepnet/src/main/cpp/aeabi_division.c"
ROUTINES = {"idiv", "uidiv", "idivmod", "uidivmod", "ldivmod", "uldivmod"}
EDGES = [0, 1, 2, 3, 7, 10, 480, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1]
EDGES += [2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64 - 480, 2**64 - 2**31]


def signed(value: int, bits: int) -> int:
    value %= 2**bits
    return value - 2**bits if value >> (bits - 1) else value


def truncated(dividend: int, divisor: int) -> tuple[int, int]:
    """Quotient towards zero and remainder, as C has them."""
    quotient = abs(dividend) // abs(divisor)
    quotient = -quotient if (dividend < 0) != (divisor < 0) else quotient
    return quotient, dividend - quotient * divisor


def expected(a: int, b: int) -> list[int]:
    c, d = a % 2**32, b % 2**32
    wide = truncated(signed(a, 64), signed(b, 64))
    narrow = truncated(signed(c, 32), signed(d, 32))
    results = [*wide, *divmod(a, b), *narrow, *divmod(c, d), narrow[0], c // d]
    return [signed(result, 64) for result in results]


def representable(a: int, b: int) -> bool:
    """Whether C defines all quotients: no division by zero, none that does not fit."""
    if b % 2**32 == 0:
        return False
    lowest_by_minus_one = (signed(a, 64), signed(b, 64)) == (-(2**63), -1)
    return not lowest_by_minus_one and (signed(a, 32), signed(b, 32)) != (-(2**31), -1)


def pairs() -> list[tuple[int, int]]:
    source = random.Random(7)
    drawn = [
        (source.getrandbits(source.randint(1, 64)), source.getrandbits(source.randint(1, 64)))
        for _ in range(20000)
    ]
    signs = [(a, -b % 2**64) for a, b in drawn[:5000]] + [(-a % 2**64, b) for a, b in drawn[:5000]]
    return [
        pair
        for pair in [(a, b) for a in EDGES for b in EDGES] + drawn + signs
        if representable(*pair)
    ]


def test_division_agrees_with_integers(tmp_path: Path) -> None:
    emulator = need_program("qemu-arm")
    need_program("arm-linux-gnueabihf-gcc")
    compiler = [need_program("clang-19"), "--target=arm-linux-gnueabihf", "-march=armv7-a"]
    routines, program = tmp_path / "routines.o", tmp_path / "division"
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Werror"]
    subprocess.run(
        [*compiler, *warnings, "-O3", "-mfpu=neon", "-c", str(SOURCE), "-o", str(routines)],
        check=True,
    )
    subprocess.run(
        [
            *(*compiler, "-O1", "-fuse-ld=lld", "-static", f"-Wl,-Map={tmp_path}/map"),
            *(str(HERE / "division.c"), str(routines), "-o", str(program)),
        ],
        check=True,
    )
    placed = (tmp_path / "map").read_text()
    assert "libgcc.a(_udivmoddi4.o)" not in placed  # ours were taken, not the C compiler's

    tried = pairs()
    asked = b"".join(struct.pack("<QQ", a, b) for a, b in tried)
    done = subprocess.run([emulator, str(program)], input=asked, capture_output=True, check=True)
    answers = list(struct.iter_unpack("<10q", done.stdout))
    assert len(answers) == len(tried) > 25000
    wrong = [
        (pair, answer)
        for pair, answer in zip(tried, answers, strict=True)
        if list(answer) != expected(*pair)
    ]
    assert wrong == []


def test_each_routine_that_the_compiler_may_call_is_there(tmp_path: Path) -> None:
    compiler, reader = need_program("clang-19"), need_program("llvm-nm-19")
    compiled = tmp_path / "routines.o"
    target = "--target=armv7a-linux-androideabi21"
    subprocess.run(
        [compiler, target, "-nostdlibinc", "-O3", "-c", str(SOURCE), "-o", str(compiled)],
        check=True,
    )
    printed = subprocess.run([reader, str(compiled)], capture_output=True, text=True, check=True)
    symbols = {line.split()[-1]: line.split()[-2] for line in printed.stdout.splitlines()}
    assert {name for name, kind in symbols.items() if kind == "T"} == {
        f"__aeabi_{name}" for name in ROUTINES
    }
    assert [name for name, kind in symbols.items() if kind == "U"] == []  # no call of itself

# SPDX-License-Identifier: Apache-2.0
"""Finding the inner loop of a matrix kernel in a built program."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import DataError, MissingDependency

_LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*)$")
_BRANCH = re.compile(r"^(b|b\.\w+|cbn?z|tbn?z|j\w+)\s+(.*?)(0x[0-9a-f]+)(?: <[^>]*>)?$")
_PAIR = re.compile(r"^ldp (q\d+), (q\d+), \[(\w+)(?:, #(-?\w+))?\](?:, #(-?\w+))?$")
_LIST = re.compile(r"^ld1 \{ (v\d+\.16b(?:, v\d+\.16b)*) \}, \[(\w+)\](?:, #(\w+))?$")
_PRODUCT = re.compile(
    r"^(sdot|udot|usdot|smmla|smull2?|smlal2?|umull2?|umlal2?|mla|mul|madd"
    r"|v?pmadd\w+|vpdpbusd|v?pmull[wd]|imul[lq]?)\b"
)


@dataclass(frozen=True)
class HotLoop:
    """The loop of ``symbol`` with the most multiplications.

    ``lines`` are AArch64 or x86-64 instructions with addresses turned into labels; ``digest`` is
    the SHA-256 of their text, which tells one build of a kernel from another.
    """

    symbol: str
    lines: tuple[str, ...]

    @property
    def assembly(self) -> str:
        """Text that an assembler or llvm-mca reads."""
        return ".Lloop:\n" + "\n".join(self.lines) + "\n.Lend:\n"

    def with_single_loads(self) -> HotLoop:
        """The same loop with each load of several 16-byte registers as several loads."""
        return HotLoop(self.symbol, tuple(part for line in self.lines for part in _single(line)))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.assembly.encode()).hexdigest()


def llvm_tool(name: str) -> str:
    """Path of an LLVM 19 tool, or of a newer unversioned one. Raises MissingDependency."""
    for candidate in (f"{name}-19", name):
        found = shutil.which(candidate)
        if found:
            return found
    raise MissingDependency(f"{name}-19 is not installed; try: apt-get install llvm-19")


def hot_loop(program: Path, symbol: str) -> HotLoop | None:
    """The hot loop of a function in an AArch64 or x86-64 program; None when it has no such loop.

    Raises MissingDependency without llvm-objdump, DataError when it cannot read the program.
    """
    command = [
        llvm_tool("llvm-objdump"),
        "-d",
        "--no-show-raw-insn",
        f"--disassemble-symbols={symbol}",
        str(program),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip() or "no message").splitlines()[0]
        raise DataError(f"{program}: cannot be disassembled ({reason})")
    return loop_in_listing(symbol, done.stdout)


def loop_in_listing(symbol: str, listing: str) -> HotLoop | None:
    """As hot_loop, from the text that llvm-objdump printed."""
    code: list[tuple[int, str]] = []
    for line in listing.splitlines():
        match = _LINE.match(line)
        if match:
            text = " ".join(match[2].split("//")[0].split(";")[0].split())
            code.append((int(match[1], 16), text))
    best: tuple[int, list[str]] | None = None
    spans = _inner_loops(code)
    for first, last in spans:
        body = code[first : last + 1]
        products = sum(1 for _, text in body if _PRODUCT.match(text))
        if products and (best is None or products > best[0]):
            best = (products, _with_labels(body))
    return HotLoop(symbol, tuple(best[1])) if best else None


def _inner_loops(code: list[tuple[int, str]]) -> list[tuple[int, int]]:
    """(first, last) line of each loop that holds no other loop."""
    line_at = {address: i for i, (address, _) in enumerate(code)}
    spans = []
    for i, (_, text) in enumerate(code):
        branch = _BRANCH.match(text)
        target = line_at.get(int(branch[3], 16)) if branch else None
        if target is not None and target <= i:
            spans.append((target, i))
    return [
        span
        for span in spans
        if not any(other != span and span[0] <= other[0] and other[1] <= span[1] for other in spans)
    ]


def _with_labels(body: list[tuple[int, str]]) -> list[str]:
    lines = []
    for _, text in body:
        branch = _BRANCH.match(text)
        if branch:
            label = ".Lloop" if int(branch[3], 16) == body[0][0] else ".Lend"
            text = f"{branch[1]} {branch[2]}{label}"
        lines.append(re.sub(r" <[^>]*>$", "", text))
    return lines


def _single(line: str) -> list[str]:
    pair, several = _PAIR.match(line), _LIST.match(line)
    if pair is not None:
        registers, (base, offset, step) = list(pair.groups()[:2]), pair.groups()[2:]
    elif several is not None:
        registers = [f"q{name[1:-4]}" for name in several[1].split(", ")]
        base, offset, step = several[2], None, several[3]
    else:
        return [line]
    at = int(offset or "0", 0)
    loads = [f"ldr {register}, [{base}, #{at + 16 * i}]" for i, register in enumerate(registers)]
    if step is not None:
        # The step comes with the last load, so that none waits for the new address.
        loads = [*loads[1:], f"ldr {registers[0]}, [{base}], #{int(step, 0)}"]
    return loads

# SPDX-License-Identifier: Apache-2.0
"""Cycles per instruction of the matrix kernels' inner loops, from llvm-mca.

llvm-mca knows the pipelines and no caches: its figure is for data in the first-level cache.
kernel_cycles.toml keeps figures so that an estimate needs no LLVM; renew it with
``python -m host_tools.measure.kernel_cycles PROGRAM...``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import DataError, MissingDependency, ToolError
from host_tools.measure.cores import Core, cores
from host_tools.measure.counts import MATRIX_PREFIX
from host_tools.measure.hot_loop import HotLoop, hot_loop, llvm_tool
from host_tools.measure.toml_file import read_toml

CACHE_FILE = Path(__file__).with_name("kernel_cycles.toml")
ITERATIONS = 200


@dataclass(frozen=True)
class LoopCycles:
    """``cycles`` and ``instructions`` of one turn of a kernel's inner loop on one core.

    ``note`` says where they come from.
    """

    instructions: float
    cycles: float
    note: str

    @property
    def cycles_per_instruction(self) -> float:
        return self.cycles / self.instructions


def simulate(loop: HotLoop, core: Core) -> LoopCycles:
    """Run llvm-mca on a loop. Raises MissingDependency without it, DataError if it refuses."""
    simulated = loop.with_single_loads() if core.single_loads else loop
    tool = llvm_tool("llvm-mca")
    command = [
        tool,
        f"-mtriple={core.mca_triple}",
        f"-mcpu={core.mca_cpu}",
        f"-iterations={ITERATIONS}",
    ]
    if core.mca_triple == "aarch64":
        command.append("-mattr=+dotprod,+i8mm")
    done = subprocess.run(
        command, input=simulated.assembly, capture_output=True, text=True, check=False
    )
    cycles = re.search(r"^Total Cycles:\s+(\d+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or cycles is None:
        reason = (done.stderr.strip() or "no message").splitlines()[0]
        raise DataError(f"llvm-mca cannot simulate {loop.symbol} on {core.mca_cpu}: {reason}")
    note = f"{Path(tool).name} of the built kernel"
    return LoopCycles(len(loop.lines), int(cycles[1]) / ITERATIONS, note)


def kernel_cycles(program: Path | None, symbol: str, core: Core) -> LoopCycles | None:
    """Cycles of a kernel's inner loop on ``core``.

    Simulated from ``program`` when it and LLVM are there, else from the kept figures, whose
    note says so when they belong to another build. None when neither is known.
    """
    loop: HotLoop | None = None
    if program is not None:
        try:
            loop = hot_loop(program, symbol)
            if loop is not None:
                return simulate(loop, core)
        except (MissingDependency, DataError):
            pass
    for entry in _kept():
        if entry["symbol"] == symbol and entry["mca_cpu"] == core.mca_cpu:
            same = loop is not None and loop.digest == entry["loop_sha256"]
            note = "kept llvm-mca figure" + ("" if same else " of an earlier build")
            return LoopCycles(entry["instructions"], entry["cycles"], note)
    return None


def _kept() -> list[dict[str, Any]]:
    return list(read_toml(CACHE_FILE).get("loop", [])) if CACHE_FILE.is_file() else []


def renew(programs: list[Path]) -> str:
    """TOML text with a fresh figure for each matrix kernel in ``programs`` on each core."""
    rows = []
    seen: set[tuple[str, str]] = set()
    for program in programs:
        for symbol in matrix_symbols(program):
            loop = hot_loop(program, symbol)
            if loop is None:
                continue
            for core in cores():
                key = (symbol, core.mca_cpu)
                if key in seen or not _suits(symbol, core):
                    continue
                seen.add(key)
                figure = simulate(loop, core)
                rows.append(
                    f'[[loop]]\nsymbol = "{symbol}"\nmca_cpu = "{core.mca_cpu}"\n'
                    f"instructions = {figure.instructions:g}\ncycles = {figure.cycles:g}\n"
                    f'loop_sha256 = "{loop.digest}"\n'
                )
    head = (
        "# SPDX-License-Identifier: Apache-2.0\n"
        "# Cycles of one turn of each matrix kernel's inner loop, by llvm-mca 19.\n"
        "# Renew: python -m host_tools.measure.kernel_cycles PROGRAM...\n\n"
    )
    return head + "\n".join(rows)


def matrix_symbols(program: Path) -> list[str]:
    """Names of the matrix kernels in a program, sorted."""
    done = subprocess.run(
        [llvm_tool("llvm-nm"), "--defined-only", str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    words = (line.split() for line in done.stdout.splitlines())
    return sorted(
        {w[2] for w in words if len(w) == 3 and w[1] in "tT" and w[2].startswith(MATRIX_PREFIX)}
    )


def _suits(symbol: str, core: Core) -> bool:
    """Kernels carry their instruction set in their name; a core runs its own only."""
    return core.kernel in symbol


def main(arguments: list[str]) -> int:
    """Renew kernel_cycles.toml from the named AArch64 programs."""
    if not arguments:
        print("usage: python -m host_tools.measure.kernel_cycles PROGRAM...", file=sys.stderr)
        return 2
    try:
        text = renew([Path(name) for name in arguments])
    except ToolError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    with tempfile.NamedTemporaryFile(
        "w", dir=CACHE_FILE.parent, delete=False, encoding="ascii"
    ) as file:
        file.write(text)
    os.replace(file.name, CACHE_FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0
"""Names for code of shared libraries that the instruction counter knows by address only."""

from __future__ import annotations

import bisect
import json
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from host_tools.errors import MeasurementInvalid
from host_tools.measure.counts import InstructionCounts, read_counts

STAGE = "network"
MATRIX = re.compile(r"gemm.*_ukernel|^kai_kernel_matmul")
"""Functions of XNNPACK that compute matrix products; some are KleidiAI's."""

INTERPRETER = re.compile(r"libpython|_ctypes\.|libffi|numpy/")
"""Libraries of Python, which only hands over: no part of LiteRT's work."""

_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \d+ +(/.*)")


@dataclass(frozen=True)
class _Mapping:
    first: int
    end: int
    offset: int
    path: str


class Symbols:
    """Functions by address in a program, from the text of its /proc/self/maps."""

    def __init__(self, maps: str) -> None:
        found = (_MAPPING.fullmatch(line) for line in maps.splitlines())
        self._mappings = [
            _Mapping(int(m[1], 16), int(m[2], 16), int(m[3], 16), m[4]) for m in found if m
        ]
        self._tables: dict[str, _Table] = {}

    def find(self, address: int) -> tuple[str, str]:
        """Path of the library ("" unknown) and name of the function, or of the library if it
        does not tell functions."""
        for mapping in self._mappings:
            if mapping.first <= address < mapping.end:
                if mapping.path not in self._tables:
                    self._tables[mapping.path] = _Table(Path(mapping.path))
                table = self._tables[mapping.path]
                name = table.function(address - mapping.first + mapping.offset)
                return mapping.path, name or f"({Path(mapping.path).name})"
        return "", "(unknown)"


class _Table:
    """The functions of one library."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            elf = ELFFile(file)
            self._segments = [
                (s["p_offset"], s["p_vaddr"], s["p_filesz"])
                for s in elf.iter_segments()
                if s["p_type"] == "PT_LOAD"
            ]
            table = elf.get_section_by_name(".symtab") or elf.get_section_by_name(".dynsym")
            functions = table.iter_symbols() if isinstance(table, SymbolTableSection) else []
            self._functions = sorted(
                (int(f["st_value"]), int(f["st_size"]), str(f.name))
                for f in functions
                if f["st_info"]["type"] == "STT_FUNC" and f["st_value"]
            )

    def function(self, offset: int) -> str | None:
        """The one that a byte of the file belongs to."""
        for first, address, size in self._segments:
            if first <= offset < first + size:
                wanted = offset - first + address
                place = bisect.bisect_right(self._functions, (wanted, 1 << 62, "")) - 1
                if place >= 0:
                    start, length, name = self._functions[place]
                    if wanted < start + max(length, 1):
                        return name
        return None


def read_litert_counts(counts: Path, maps: Path) -> InstructionCounts:
    """The counter's file with functions by name, of the network alone.

    What Python executes between the marks, about 2000 instructions a frame, is
    ``overhead_per_frame``; the percentiles have its mean taken off.
    Raises MeasurementInvalid when nothing usable was counted.
    """
    try:
        raw: dict[str, Any] = json.loads(counts.read_text(encoding="ascii"))
        symbols = Symbols(maps.read_text())
    except (OSError, ValueError) as error:
        raise MeasurementInvalid(f"LiteRT was not counted: {error}; try again") from error
    raw["symbols"] = _named(raw["symbols"], symbols)
    counts.write_text(json.dumps(raw), encoding="ascii")
    found = read_counts(counts)
    matrix = sum(count for name, count in found.symbols.items() if MATRIX.search(name))
    marked, taken = found.distribution, round(found.overhead_per_frame)
    return replace(
        found,
        per_frame=found.stages[STAGE],
        distribution=replace(
            marked,
            p50=marked.p50 - taken,
            p95=marked.p95 - taken,
            p99=marked.p99 - taken,
            max=marked.max - taken,
        ),
        network_matrix=matrix,
        network_other=found.stages[STAGE] - matrix,
    )


def _named(entries: list[dict[str, Any]], symbols: Symbols) -> list[dict[str, Any]]:
    """One entry a function that ran in a stage."""
    sums: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for entry in entries:
        if not any(entry["stages"]):
            continue
        name, overhead = entry["name"], entry["overhead"]
        if name.startswith("@"):
            path, name = symbols.find(int(name[1:], 16))
            overhead = INTERPRETER.search(path) is not None
        before = sums[name, overhead] or [0] * len(entry["stages"])
        sums[name, overhead] = [a + b for a, b in zip(before, entry["stages"], strict=True)]
    return [
        {"name": name, "overhead": overhead, "outside": 0, "stages": stages}
        for (name, overhead), stages in sums.items()
    ]

# SPDX-License-Identifier: Apache-2.0
"""Reads llvm-objdump's listing of a static library: instructions and calls by function."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_INSTRUCTION = re.compile(r"^\s+[0-9a-f]+:\s+(\S+)\s*(.*)$")
_RELOCATION = re.compile(r"^\s*[0-9a-f]+:\s+R_\S+\s+(\S+)")


@dataclass
class Function:
    """One function of a library."""

    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)  # mnemonic, operands
    references: set[str] = field(default_factory=set)  # symbols named by relocations


def read_functions(objdump: str, library: Path) -> list[Function]:
    """All functions in the objects of *library*."""
    listing = subprocess.run(
        [objdump, "-d", "-r", "--no-show-raw-insn", "--mattr=+all", str(library)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    functions: list[Function] = []
    for line in listing.splitlines():
        if found := _FUNCTION.match(line):
            functions.append(Function(found[1]))
        elif found := _RELOCATION.match(line):
            functions[-1].references.add(re.split(r"[+-]0x", found[1])[0])
        elif found := _INSTRUCTION.match(line):
            functions[-1].instructions.append((found[1], found[2]))
    return functions

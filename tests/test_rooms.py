# SPDX-License-Identifier: Apache-2.0
"""Data flows one way: a room of host_tools imports only rooms before it (docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "host_tools"

ROOMS = [
    "errors",
    "files",
    "terminal",
    "riff",
    "kernels",
    "audio",
    "features",
    "network",
    "quantize",
    "generate",
    "exchange",
    "build",
    "protocol",
    "devices",
    "flash",
    "denoise",
    "power",
    "measure",
    "report",
    "doctor",
    "commands",
    "cli",
]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "host_tools":
                names = [f"host_tools.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("host_tools.")}
    return found - {"__version__"}


SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if room_of(p) not in ("__init__", "__main__"))


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room_of(path) for path in SOURCES} == set(ROOMS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_before_it(path: Path) -> None:
    before = set(ROOMS[: ROOMS.index(room_of(path)) + 1])
    assert imported_rooms(path) <= before, f"{path} imports a room that comes after its own"

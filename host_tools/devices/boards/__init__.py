# SPDX-License-Identifier: Apache-2.0
"""``board:NAME``: whole emulated boards, with their own kernel, serial line and devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.base import Device, ProbeResult
from host_tools.devices.boards import bare_metal, linux_boards
from host_tools.devices.boards.board_line import KIND
from host_tools.devices.boards.linux_boards import LINUX_BOARDS, LinuxBoardDevice
from host_tools.errors import UsageError

__all__ = ["BOARDS", "KIND", "BoardKind", "open_board", "probe"]


@dataclass(frozen=True)
class BoardKind:
    """How to start a board, given its name and a model image or None, and how to look at it."""

    start: Callable[[str, Path | None], Device]
    probe: Callable[[str], ProbeResult]


_BARE_METAL = BoardKind(
    lambda name, model: bare_metal.BareMetalBoard(name, model=model),
    bare_metal.probe,
)
_LINUX = BoardKind(
    lambda name, model: LinuxBoardDevice(name, model=model),
    linux_boards.probe,
)
BOARDS: Mapping[str, BoardKind] = {
    **dict.fromkeys(bare_metal.BARE_BOARDS, _BARE_METAL),
    **dict.fromkeys(LINUX_BOARDS, _LINUX),
}


def open_board(name: str, *, model: Path | None = None) -> Device:
    """Boot the board called *name*. Raises UsageError (no such one), DeviceError and others."""
    if name not in BOARDS:
        known = ", ".join(f"{KIND}:{board}" for board in BOARDS)
        raise UsageError(f"no board '{name}'; available: {known}")
    return BOARDS[name].start(name, model)


def probe() -> list[ProbeResult]:
    """One line a board: QEMU installed, agent built, kernel there?"""
    return [kind.probe(name) for name, kind in BOARDS.items()]

# SPDX-License-Identifier: Apache-2.0
"""What a measurement needs to know about a device before opening it."""

from __future__ import annotations

from pathlib import Path

from host_tools.devices import boards, emulator, host, resolve
from host_tools.devices.binaries import agent_path
from host_tools.devices.boards.linux_boards import LINUX_BOARDS


def emulated_cpu(device: str) -> str | None:
    """CPU of an ``emulator:`` device, or None for any other. Raises UsageError (no such one)."""
    kind, _, cpu = resolve(device).partition(":")
    if kind != emulator.KIND:
        return None
    emulator.find_cpu(cpu)
    return cpu


def is_emulated_board(device: str) -> bool:
    """Whether a device is a whole board in an emulator. Raises UsageError (no such device)."""
    return resolve(device).partition(":")[0] == boards.KIND


def build_target(device: str) -> str | None:
    """The build target whose agent a device runs; None: perhaps the opened one knows (target)."""
    kind, _, rest = resolve(device).partition(":")
    if kind == host.NAME:
        return host.TARGET
    if kind == boards.KIND:
        board = LINUX_BOARDS.get(rest)
        return None if board is None else board.target
    cpu = emulated_cpu(device)
    return None if cpu is None else emulator.find_cpu(cpu).target


def emulated_program(device: str) -> Path | None:
    """The program that an emulated device runs."""
    target = build_target(device)
    return None if target is None else agent_path(target)

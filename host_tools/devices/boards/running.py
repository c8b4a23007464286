# SPDX-License-Identifier: Apache-2.0
"""A board that boots and stays, to be reached by other devices as real hardware would be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices import remote_shell, serial_line
from host_tools.devices.boards import bare_metal
from host_tools.devices.boards.board_line import BAUD
from host_tools.devices.boards.linux_boards import LINUX_BOARDS, boot, find_board
from host_tools.devices.boards.machine import QemuMachine
from host_tools.devices.boards.ssh_access import SshAccess
from host_tools.errors import UsageError


@dataclass(frozen=True)
class RunningBoard:
    """A booted board: names for --device, and the settings that ssh needs to know its own."""

    what: str
    machine: QemuMachine
    serial_name: str
    ssh_name: str | None = None
    ssh_settings: Path | None = None


@contextlib.contextmanager
def running_board(
    name: str, *, ssh: bool = False, model: Path | None = None
) -> Iterator[RunningBoard]:
    """Boot a board and switch it off at the end; *model* as in LinuxBoardDevice.

    Raises UsageError (no such board, none with ssh, or a model that cannot be given),
    MissingDependency or DeviceError.
    """
    if name in bare_metal.BARE_BOARDS:
        if ssh or model is not None:
            raise UsageError(f"board '{name}' has no ssh, and its model is built in")
        with bare_metal.switch_on(name) as machine:
            yield RunningBoard(bare_metal.BARE_BOARDS[name], machine, _serial_name(machine))
        return
    board = find_board(name)
    if ssh and not board.can_ssh:
        able = ", ".join(other for other, its in LINUX_BOARDS.items() if its.can_ssh)
        raise UsageError(f"board '{name}' has no network for ssh; these have: {able}")
    with contextlib.ExitStack() as stack:
        access = stack.enter_context(SshAccess(name)) if ssh else None
        machine, line = boot(name, model=model, extras=access.extras() if access else None)
        stack.callback(machine.close)
        line.release()
        serial_name = _serial_name(machine)
        if access is None:
            yield RunningBoard(board.what, machine, serial_name)
            return
        access.wait()
        ssh_name = f"{remote_shell.KIND}:{access.host}"
        yield RunningBoard(board.what, machine, serial_name, ssh_name, access.settings)


def _serial_name(machine: QemuMachine) -> str:
    return f"{serial_line.KIND}:{machine.serial_paths[0]}?baud={BAUD}"

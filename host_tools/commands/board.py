# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from host_tools.devices.boards.running import RunningBoard
    from host_tools.terminal import Terminal

_LOOK_S = 0.5


def board(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="For example raspi3b-linux.")],
    ssh: Annotated[
        bool, typer.Option("--ssh", help="Also let ssh in (virt-cortex-a72 only).")
    ] = False,
    model: Annotated[
        str | None, typer.Option(help="Name under models/ or FILE.pnm for its agent.")
    ] = None,
) -> None:
    """Boot an emulated board and keep it running, as if it stood on the desk."""
    from host_tools.devices.boards.running import running_board
    from host_tools.generate.model_file import find_model, model_path

    terminal: Terminal = context.obj
    image = None
    if model is not None:
        find_model(model)  # complains about a bad one
        image = model_path(model)
    with running_board(name, ssh=ssh, model=image) as running:
        ways = {
            "board": name,
            "devices": [way for way in (running.serial_name, running.ssh_name) if way],
            "ssh_config": running.ssh_settings,
        }
        terminal.result(ways, lambda console: _show(name, running, console))
        sys.stdout.flush()  # programs that started this one wait for the names
        terminal.say("Ctrl-C switches it off")
        _hold(running)


def _hold(running: RunningBoard) -> None:
    """Wait for ctrl-C or for the board to end by itself, which is an error unless it was asked."""
    from host_tools.errors import DeviceError

    try:
        while not running.machine.wait(_LOOK_S):
            pass
    except KeyboardInterrupt:
        return
    if not running.machine.ended_well:
        raise DeviceError(running.machine.ended())


def _show(name: str, running: RunningBoard, console: Console) -> None:
    from host_tools.devices.boards.ssh_access import settings_folder

    lines = [f"{name} is up: {running.what}", f"  --device '{running.serial_name}'"]
    if running.ssh_name is not None and running.ssh_settings is not None:
        host = running.ssh_name.partition(":")[2]
        lines += [
            f"  --device {running.ssh_name}",
            f"    with this line at the top of ~/.ssh/config: Include {settings_folder()}/*",
            f"  ssh -F {running.ssh_settings} {host}",
        ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

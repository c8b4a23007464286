# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from host_tools.devices.base import ProbeResult
    from host_tools.terminal import Terminal


def devices(context: typer.Context) -> None:
    """List the devices that --device can name, and what is missing for the others."""
    from host_tools.devices.registry import probe_all

    terminal: Terminal = context.obj
    found = probe_all()
    terminal.result({"devices": found}, lambda console: _show(found, console))


def _show(found: list[ProbeResult], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("device", "ready", "what"):
        table.add_column(heading, overflow="fold")
    for device in found:
        ready = Text("yes", style="green") if device.ready else Text("no", style="yellow")
        table.add_row(Text(device.name), ready, Text(device.detail))
    console.print(table)

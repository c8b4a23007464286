# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from host_tools.doctor import Check
    from host_tools.terminal import Terminal

MISSING_EXIT_CODE = 6


def doctor(context: typer.Context) -> None:
    """Check this machine and say how to mend what is missing."""
    from host_tools.doctor import examine, healthy

    terminal: Terminal = context.obj
    checks = examine()
    terminal.result({"checks": checks}, lambda console: _show(checks, console))
    if not healthy(checks):
        raise typer.Exit(MISSING_EXIT_CODE)


def _show(checks: list[Check], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("check", "", "found", "to mend it"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        if check.ok:
            word = Text("ok", style="green")
        elif check.need == "optional":
            word = Text("missing, optional", style="yellow")
        else:
            word = Text("missing", style="red")
        table.add_row(Text(check.name), word, Text(check.detail), Text(check.mend))
    console.print(table)

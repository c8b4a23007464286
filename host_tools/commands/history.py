# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def history(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where measure keeps its runs.")
    ] = Path("runs"),
    device: Annotated[str, typer.Option(metavar="TEXT", help="Only devices with this in it.")] = "",
    model: Annotated[
        str, typer.Option(metavar="NAME", help="Only this model, or digests that begin so.")
    ] = "",
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw load and power over time: .html, .png or .svg."),
    ] = None,
) -> None:
    """List kept measurements in the order of time."""
    from host_tools.report.history import history_dict, print_history, read_history
    from host_tools.report.history_plot import check_plot, write_history_plot

    terminal: Terminal = context.obj
    if plot is not None:
        check_plot(plot)
    found = read_history(folder, device, model)
    if plot is not None:
        write_history_plot(found, plot)
    terminal.result(history_dict(found), lambda console: print_history(found, console))
    if plot is not None:
        terminal.say(f"drew {plot}")

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def compare(
    context: typer.Context,
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders that measure left; 2 or more.")
    ],
) -> None:
    """Compare kept measurements with the first and say which differences are real."""
    from host_tools.report.comparison import compare_runs
    from host_tools.report.comparison_table import comparison_dict, print_comparison

    terminal: Terminal = context.obj
    found = compare_runs(runs)
    terminal.result(comparison_dict(found), lambda console: print_comparison(found, console))

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def report(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that measure left.")],
) -> None:
    """Draw report.html and junit.xml of a measurement anew from its other files."""
    from host_tools.report.run_folder import HTML_NAME, JUNIT_NAME, write_report
    from host_tools.report.terminal import print_result

    terminal: Terminal = context.obj
    run = write_report(folder)
    if terminal.as_json:
        terminal.json_text(run.result.to_json())
    else:
        print_result(run.result, terminal.out)
    terminal.say(f"drew {folder / HTML_NAME} and {folder / JUNIT_NAME}")

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def verify(
    context: typer.Context,
    model: Annotated[str, typer.Option(help="Name under models/, or its folder.")] = "percepnet",
    clip: Annotated[
        Path | None, typer.Option(metavar="NOISY.wav", help="Default: the bundled clip.")
    ] = None,
) -> None:
    """Run a model as float, integer, C and TFLite network; compare each pair with its limit."""
    from host_tools.exchange.cross_check import cross_check
    from host_tools.generate.model_file import model_folder
    from host_tools.measure.clip import load_clip
    from host_tools.report.cross_check import cross_check_dict, print_cross_check

    terminal: Terminal = context.obj
    folder = model_folder(model)
    audio = load_clip(clip, None).noisy
    forms: list[str] = []
    with terminal.progress() as report:

        def notice(form: str) -> None:
            forms.append(form)
            report(form, len(forms) - 1, 7)

        found = cross_check(folder, audio, notice)
    terminal.result(cross_check_dict(found), lambda console: print_cross_check(found, console))
    if not found.ok:
        raise typer.Exit(1)

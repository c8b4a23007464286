# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def build(
    context: typer.Context,
    target: Annotated[
        str, typer.Option(help="host, rpi-aarch64, rpi-armv7, rpi-bare-metal or android.")
    ] = "host",
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Install there (bin, lib, include; Android: jni, AAR)."),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Further CMake settings.")
    ] = None,
) -> None:
    """Build library, agent and programs for a target."""
    from host_tools.build import build as build_target
    from host_tools.errors import UsageError

    terminal: Terminal = context.obj
    settings = option or []
    for setting in settings:
        if "=" not in setting:
            raise UsageError(f"--option {setting}: write NAME=VALUE")
    made = build_target(target, output, settings)
    for line in made.left_out:
        terminal.say(line)
    terminal.result(
        made,
        lambda console: console.print(
            "\n".join(str(file) for file in made.files),
            highlight=False,
            markup=False,
            soft_wrap=True,
        ),
    )

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def flash(
    context: typer.Context,
    device: Annotated[
        str, typer.Option(help="sd:FOLDER, ssh:USER@HOST, serial:PORT?baud=N or board:NAME.")
    ],
    image: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="kernel8.img or percepnet_agent; default: the build."),
    ] = None,
    baud: Annotated[
        int | None, typer.Option(metavar="N", help="Rate of the board's line (sd:, --service).")
    ] = None,
    service: Annotated[
        bool, typer.Option("--service", help="ssh: also a systemd service for /dev/serial0.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="sd: and ssh: take it away, bring the old back.")
    ] = False,
) -> None:
    """Bring the agent onto a board: by SD card, by ssh or over the link to one that runs."""
    from host_tools.flash import Options
    from host_tools.flash import flash as flash_device

    terminal: Terminal = context.obj
    options = Options(image, baud, service, remove)
    with terminal.progress() as report:
        done = flash_device(
            device,
            options,
            lambda sent, size: report(
                f"{min(sent, size) / 1e6:.1f} of {size / 1e6:.1f} MB", sent, size
            ),
        )
    terminal.result(
        done,
        lambda console: console.print(
            "\n".join(done.lines), highlight=False, markup=False, soft_wrap=True
        ),
    )

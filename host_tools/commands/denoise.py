# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def denoise(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="IN.wav", help="Any rate, width, channels.")],
    target: Annotated[Path, typer.Argument(metavar="OUT.wav", help="Gets the same format.")],
    device: Annotated[str, typer.Option(help="Where to run, see: host_tools devices.")] = "host",
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name under models/, or a model image.")
    ] = None,
    kernel: Annotated[str, typer.Option(help="auto, scalar, neon, dotprod, avx2, ...")] = "auto",
    attenuation_limit: Annotated[
        int, typer.Option(metavar="DB", help="Attenuate by at most this much; 100: no limit.")
    ] = 100,
) -> None:
    """Clean an audio file; the output has the input's rate, channels, length and width."""
    from host_tools.denoise import denoise_file
    from host_tools.devices.base import Settings

    terminal: Terminal = context.obj
    settings = Settings(kernel=kernel, attenuation_limit_db=attenuation_limit, mode="packet")
    with terminal.progress() as report:
        done = denoise_file(
            source,
            target,
            device,
            settings,
            lambda channel, channels, at, frames: report(
                f"channel {channel + 1}/{channels}", at, frames
            ),
            model,
        )
    terminal.result(
        done,
        lambda console: console.print(
            f"{done.output}: {done.samples} samples, {done.channels} channel(s), "
            f"{done.sample_rate_hz} Hz, {done.subtype}; {done.speed:.1f} times real time on "
            f"{done.device} ({done.kernel})",
            highlight=False,
            markup=False,
            soft_wrap=True,
        ),
    )

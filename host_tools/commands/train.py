# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def train(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Checkpoint, record and curves go here.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Recordings; needed until the cache holds them."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Decoded recordings (default OUTPUT/cache).")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Topology; default: the shipped percepnet.")
    ] = None,
    minutes: Annotated[float, typer.Option(help="Time to train.")] = 60.0,
    hours: Annotated[float, typer.Option(help="Audio to mix.")] = 20.0,
    rooms: Annotated[
        int, typer.Option(min=0, help="Rooms to make besides the measured ones.")
    ] = 150,
    updates: Annotated[
        int | None, typer.Option(help="Stop after so many updates; exactly repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is random.")] = 1,
    rate: Annotated[float | None, typer.Option(help="Learning rate; default 3e-4.")] = None,
    start: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Model folder whose weights to begin with.")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Zero blocks of weights over the first half of the run.")
    ] = False,
    int8_aware: Annotated[
        bool, typer.Option("--int8-aware", help="Round as the integer network does.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run ended.")] = False,
    clear_licenses_only: Annotated[
        bool, typer.Option("--clear-licenses-only", help="Leave out doubtful recordings.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes that make mixtures.")] = 2,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train a network on a folder of speech, noise and room responses (needs PyTorch)."""
    from host_tools.generate.checkout import checkout_root
    from host_tools.network.profile import load_profile
    from host_tools.network.prune import Densities
    from host_tools.network.recipe import MixingRecipe
    from host_tools.network.settings import Settings
    from host_tools.network.training import train as train_network

    terminal: Terminal = context.obj
    settings = Settings(seed=seed, densities=Densities() if prune else None, int8_aware=int8_aware)
    if rate is not None:
        settings = replace(settings, learning_rate=rate)
    topology = load_profile(profile or checkout_root() / "models" / "percepnet" / "profile.toml")
    try:
        checkpoint = train_network(
            data,
            cache or output / "cache",
            output,
            topology,
            settings=settings,
            minutes=minutes,
            hours=hours,
            updates=updates,
            resume=resume,
            start=start,
            clear_licenses_only=clear_licenses_only,
            workers=workers,
            device_name=device,
            console=terminal.err,
            recipe=replace(MixingRecipe(), synthetic_rooms=rooms),
        )
    except KeyboardInterrupt as stop:
        terminal.say(str(stop) or "stopped")
        raise
    terminal.result(
        {"checkpoint": checkpoint},
        lambda console: console.print(
            str(checkpoint), highlight=False, markup=False, soft_wrap=True
        ),
    )

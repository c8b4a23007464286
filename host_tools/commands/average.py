# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def average(
    context: typer.Context,
    checkpoints: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="With checkpoint.safetensors in each.")
    ],
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the mean is written.")],
    weights: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Relative, one a folder; default: equal.")
    ] = None,
) -> None:
    """Average networks that training made from one start, often better than any of them."""
    from host_tools.errors import UsageError
    from host_tools.network.average import average_checkpoints
    from host_tools.network.checkpoint import CHECKPOINT_NAME, load_checkpoint, save_checkpoint

    terminal: Terminal = context.obj
    shares = _weights(weights, len(checkpoints))
    if len(checkpoints) < 2:
        raise UsageError(f"{checkpoints[0]}: one network alone; name two or more to average")
    loaded = [load_checkpoint(folder) for folder in checkpoints]
    mean = average_checkpoints(loaded, shares, [str(folder) for folder in checkpoints])
    save_checkpoint(mean, output)
    path = output / CHECKPOINT_NAME
    terminal.result(
        {"checkpoint": path, "weights": shares}, lambda console: console.print(str(path))
    )
    terminal.say(f"next: host_tools quantize --checkpoint {output} --output FILE.pnm")


def _weights(text: str | None, count: int) -> list[float]:
    from host_tools.errors import UsageError

    if text is None:
        return [1.0] * count
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"--weights {text}: numbers with commas between, as 1,2,1") from error
    if len(found) != count:
        raise UsageError(f"--weights {text}: {len(found)} numbers for {count} folders")
    if not all(math.isfinite(weight) and weight > 0 for weight in found):
        raise UsageError(f"--weights {text}: every weight must be above 0")
    return found

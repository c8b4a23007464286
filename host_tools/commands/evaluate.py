# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from host_tools.measure.evaluate import Evaluation
    from host_tools.terminal import Terminal


def evaluate(
    context: typer.Context,
    cache: Annotated[
        Path, typer.Option(metavar="DIR", help="Decoded recordings; made from --data if missing.")
    ],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Recordings with manifest.csv.")
    ] = None,
    model: Annotated[str, typer.Option(help="Name under models/, or FILE.pnm.")] = "percepnet",
    device: Annotated[str, typer.Option(help="Where to run, see: host_tools devices.")] = "host",
    split: Annotated[str, typer.Option(help="test, val or train.")] = "test",
    mixtures: Annotated[int, typer.Option(min=1, help="How many, 10 s each, 0-15 dB SNR.")] = 60,
    float_mixtures: Annotated[
        int, typer.Option(min=0, help="On how many to compare with the float network.")
    ] = 6,
) -> None:
    """Score a model on held-out speech and noise, and compare it with its float network."""
    from typing import cast

    from host_tools.errors import UsageError
    from host_tools.measure.evaluate import evaluate_model, prepare_cache
    from host_tools.network.audio_cache import Split

    terminal: Terminal = context.obj
    if split not in ("test", "val", "train"):
        raise UsageError(f"--split {split}: test, val or train")
    with terminal.progress() as report:
        recordings = prepare_cache(data, cache, report)
        result = evaluate_model(
            recordings, model, device, cast(Split, split), mixtures, float_mixtures, report
        )
    terminal.result(result, lambda console: _show(result, console))


def _show(result: Evaluation, console: Console) -> None:
    from rich.table import Table

    table = Table(
        "metric", "noisy", "enhanced", "gain", "worst gain", "mixtures", box=None, pad_edge=False
    )
    for name, mean in result.metrics.items():
        table.add_row(
            name,
            f"{mean.before:.3f}",
            f"{mean.after:.3f}",
            f"{mean.gain:+.3f}",
            f"{mean.worst_gain:+.3f}",
            str(mean.count),
        )
    console.print(
        f"model {result.model} ({result.model_digest[:16]}) on {result.device} "
        f"({result.kernel}), split {result.split}",
        highlight=False,
    )
    console.print(table)
    if result.fidelity is None:
        console.print("integer against float network: not compared")
        return
    found = result.fidelity
    console.print(
        f"integer against float network, {found.frames} frames: output SNR "
        f"{found.output_snr_db:.1f} dB, mean error gain {found.mean_gain_error:.4f}, "
        f"strength {found.mean_strength_error:.4f}, voice {found.mean_voice_error:.4f}",
        highlight=False,
        soft_wrap=True,
    )

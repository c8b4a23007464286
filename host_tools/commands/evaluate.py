# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
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
    against: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Comma-separated: rnnoise, deepfilternet, webrtc, speex, float, other models; "
            "told the clean speech: ideal, clean.",
        ),
    ] = "",
    device: Annotated[str, typer.Option(help="Where to run, see: host_tools devices.")] = "host",
    split: Annotated[str, typer.Option(help="test, val or train.")] = "test",
    mixtures: Annotated[
        int | None, typer.Option(min=1, help="Only so many of the 156, spread evenly.")
    ] = None,
    float_mixtures: Annotated[
        int, typer.Option(min=0, help="On how many to compare with the float network.")
    ] = 6,
    situations: Annotated[
        bool, typer.Option("--situations/--no-situations", help="Clean speech, music, noise ...")
    ] = True,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do not use the scores of earlier runs.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write evaluation.json, .csv and .html there."),
    ] = None,
    card: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Put the tables into a model's card.md.")
    ] = None,
) -> None:
    """Score a model and other denoisers on the same held-out speech, noise and rooms."""
    from typing import cast

    from host_tools.errors import MissingDependency, UsageError

    try:
        from host_tools.measure.evaluate import EvaluationPlan, evaluate_model, prepare_cache
        from host_tools.measure.process_pool import usable_cores
    except ImportError as error:
        raise MissingDependency(
            f"evaluation needs {error.name}; install it with: pip install 'percepnet-kit[evaluate]'"
        ) from error
    from host_tools.network.audio_cache import Split
    from host_tools.report.evaluation_folder import prepare_folder, write_evaluation
    from host_tools.report.evaluation_markdown import write_into_card
    from host_tools.report.evaluation_tables import print_evaluation

    terminal: Terminal = context.obj
    if split not in ("test", "val", "train"):
        raise UsageError(f"--split {split}: test, val or train")
    if output is not None:
        prepare_folder(output)
    plan = EvaluationPlan(
        model=model,
        against=tuple(name.strip() for name in against.split(",") if name.strip()),
        device=device,
        split=cast(Split, split),
        mixtures=mixtures,
        float_mixtures=float_mixtures,
        situations=situations,
        fresh=fresh,
        workers=workers or usable_cores(),
    )
    with terminal.progress() as report:
        result, examples = evaluate_model(prepare_cache(data, cache, report), plan, report)
    if output is not None:
        write_evaluation(result, examples, output)
    if card is not None:
        write_into_card(result, card)
    if terminal.as_json:
        terminal.json_text(result.to_json())
    else:
        print_evaluation(result, terminal.out)
    if output is not None:
        terminal.say(f"kept in {output}")

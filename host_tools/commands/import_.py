# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.exchange.import_network import ImportReport
    from host_tools.terminal import Terminal


def import_(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=".pt, .pth, .safetensors or .tflite.")
    ],
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Model folder to write, for example models/mine.")
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the model; default: that of the folder.")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Sizes that the file has to have.")
    ] = None,
    features_from: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Model whose feature mean and deviation to take."),
    ] = None,
) -> None:
    """Make a model folder of a network in PyTorch's or TFLite's format."""
    from host_tools.exchange.import_network import import_network
    from host_tools.generate.model_file import model_folder

    terminal: Terminal = context.obj
    features = None if features_from is None else model_folder(features_from)
    report = import_network(file, output, name, profile, features)
    lines = _lines(report)
    terminal.result(
        report,
        lambda console: console.print(
            "\n".join(lines), highlight=False, markup=False, soft_wrap=True
        ),
    )


def _lines(report: ImportReport) -> list[str]:
    lines = [f"{report.folder}: {report.profile.weights()} weights from {report.file}"]
    if report.difference is not None:
        lines.append(
            f"{report.difference.runtime}: the file's gains and strengths are "
            f"{report.difference.mean:.2g} from those of the imported network on average"
        )
    lines += report.notes
    if report.image is not None:
        lines.append(f"{report.image}: digest {report.digest}")
        lines.append(f"next: host_tools generate --model {report.image} --output DIR")
    else:
        lines.append(
            f"next: host_tools quantize --checkpoint {report.folder} "
            f"--output {report.folder}/{report.profile.name}.pnm"
        )
    return lines

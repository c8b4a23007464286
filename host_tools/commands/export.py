# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def export(
    context: typer.Context,
    model: Annotated[
        str, typer.Option(help="Name under models/, or a model folder.")
    ] = "percepnet",
    format: Annotated[str, typer.Option(help="tflite or onnx (float32 only).")] = "tflite",
    precision: Annotated[str, typer.Option(help="float32, dynamic-int8 or int8.")] = "float32",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: MODEL-PRECISION.tflite.")
    ] = None,
) -> None:
    """Write the network as a file of another format (needs the extra tflite)."""
    from host_tools.exchange.export_network import export_network
    from host_tools.generate.model_file import model_folder

    terminal: Terminal = context.obj
    folder = model_folder(model)
    target = output or Path(f"{folder.name}-{precision}.{format}")
    report = export_network(folder, target, format, precision)
    lines = [
        f"{report.file}: {report.bytes} bytes, {report.precision}, model {report.model_digest}"
    ]
    if (difference := report.difference) is not None:
        lines.append(
            f"{difference.runtime}, {difference.frames} random frames: gains and strengths are "
            f"{difference.mean:.2g} from the float network on average, at most "
            f"{difference.largest:.2g}"
        )
    terminal.result(
        report,
        lambda console: console.print(
            "\n".join(lines), highlight=False, markup=False, soft_wrap=True
        ),
    )

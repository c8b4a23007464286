# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from host_tools.quantize.quantize import QuantizeReport
    from host_tools.terminal import Terminal


def quantize(
    context: typer.Context,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Folder or .safetensors; default: models/MODEL."),
    ] = None,
    model: Annotated[str, typer.Option(help="Name under models/, or its folder.")] = "percepnet",
    calibration: Annotated[
        list[Path] | None,
        typer.Option(metavar="WAV", help="Compare float and int8 on it; default: the demo clip."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.pnm", help="Default: models/MODEL/MODEL.pnm.")
    ] = None,
) -> None:
    """Turn a float checkpoint into an int8 model image, with a report of what it costs."""
    import numpy as np

    from host_tools.audio import read_mono
    from host_tools.features import extract
    from host_tools.generate.model_file import model_folder
    from host_tools.measure.clip import DEMO_NOISY
    from host_tools.quantize.quantize import quantize as quantize_checkpoint

    terminal: Terminal = context.obj
    target = output or model_folder(model) / f"{Path(model).name}.pnm"
    clips = calibration or [DEMO_NOISY]
    features = np.concatenate([extract(read_mono(path)) for path in clips])
    report = quantize_checkpoint(checkpoint or model_folder(model), features, target)
    terminal.result(report, lambda console: _show(report, console))


def _show(report: QuantizeReport, console: Console) -> None:
    from rich.table import Table

    matrices = Table(
        "matrix", "size", "SNR dB", "zeros %", "blocks %", "stored", "bytes", "levels",
        title="weights", box=None, pad_edge=False,
    )  # fmt: skip
    for matrix in report.matrices:
        matrices.add_row(
            matrix.name,
            f"{matrix.rows} x {matrix.columns}",
            f"{matrix.signal_to_noise_db:.1f}",
            f"{100 * matrix.zeros:.1f}",
            f"{100 * matrix.density:.1f}",
            "sparse" if matrix.sparse else "dense",
            str(matrix.stored_bytes),
            str(matrix.levels),
        )
    console.print(matrices)
    if report.calibration is not None:
        layers = Table(
            "layer", "SNR dB", "saturated", "of", title="calibration", box=None, pad_edge=False
        )
        for layer in report.calibration.layers:
            layers.add_row(
                layer.name,
                f"{layer.signal_to_noise_db:.1f}",
                str(layer.saturated),
                str(layer.values),
            )
        console.print(layers)
        for error in report.calibration.outputs:
            console.print(
                f"{error.name}: mean error {error.mean:.4f}, largest {error.largest:.4f}",
                highlight=False,
            )
    console.print(
        f"{report.image}: {report.image_bytes} bytes, {report.stored_weights} of "
        f"{report.weights} weights stored, digest {report.digest}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )

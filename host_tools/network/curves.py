# SPDX-License-Identifier: Apache-2.0
"""Training record: ``training.csv``, and ``training.png`` drawn from it."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from host_tools.errors import DataError
from host_tools.files import whole_file

CSV_NAME = "training.csv"
PNG_NAME = "training.png"


@dataclass(frozen=True)
class Row:
    """Means since the row before; validation figures only where a validation ran (else None)."""

    update: int
    minutes: float
    hours_heard: float
    learning_rate: float
    gradient_norm: float
    loss: float
    gain_loss: float
    strength_loss: float
    voice_loss: float
    distortion_loss: float
    validation_loss: float | None = None
    validation_gain_loss: float | None = None
    validation_strength_loss: float | None = None
    validation_voice_loss: float | None = None
    validation_distortion_loss: float | None = None


def write_rows(folder: Path, rows: list[Row]) -> None:
    """Write all rows; the file appears whole. Raises DataError."""
    names = [field.name for field in fields(Row)]
    with (
        whole_file(folder / CSV_NAME) as part,
        part.open("w", newline="", encoding="utf-8") as stream,
    ):
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            cells = {k: "" if v is None else f"{v:.6g}" for k, v in asdict(row).items()}
            writer.writerow(cells)


def read_rows(folder: Path) -> list[Row]:
    """Read what write_rows wrote. Raises DataError when the file is missing or damaged."""
    path = folder / CSV_NAME
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = list(csv.DictReader(stream))
        rows = []
        for line in lines:
            numbers = {k: float(v) for k, v in line.items() if v}
            rows.append(Row(update=int(numbers.pop("update")), **numbers))
        return rows
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); run the training again") from error


def draw_curves(folder: Path, rows: list[Row]) -> None:
    """Draw losses over hours of audio heard into ``training.png``. Raises DataError."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    panels = figure.subplots(1, 4)
    parts = (
        ("gain", "gain_loss", "validation_gain_loss"),
        ("strength", "strength_loss", "validation_strength_loss"),
        ("voice activity", "voice_loss", "validation_voice_loss"),
        ("distortion", "distortion_loss", "validation_distortion_loss"),
    )
    for panel, (title, train, validation) in zip(panels, parts, strict=True):
        hours = [row.hours_heard for row in rows]
        panel.plot(hours, [getattr(row, train) for row in rows], label="train", linewidth=0.8)
        checked = [row for row in rows if getattr(row, validation) is not None]
        panel.plot(
            [row.hours_heard for row in checked],
            [getattr(row, validation) for row in checked],
            "o-",
            label="validation",
            markersize=3,
        )
        panel.set(title=f"{title} loss", xlabel="hours of audio heard")
        if train != "distortion_loss":  # a logarithm already
            panel.set_yscale("log")
        panel.grid(alpha=0.3)
    panels[0].legend()
    with whole_file(folder / PNG_NAME) as part, part.open("wb") as stream:
        FigureCanvasAgg(figure).print_png(stream)

# SPDX-License-Identifier: Apache-2.0
"""The drawings of an evaluation: a metric over SNR, before against after, and keys of a legend.

All return ``<svg>`` elements without any text from data, and raise MissingDependency without
matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from host_tools.measure.evaluation_result import Interval
from host_tools.report.inline_svg import (
    FAINT,
    INK,
    PAPER,
    SERIES_COLOURS,
    inline_svg,
    page_style,
    series_colour,
)

_MARKERS = ("o", "o", "s", "^", "D", "v", "P", "X", "*")
_SHARE_AROUND = 0.06


@dataclass(frozen=True)
class SeriesStyle:
    """How one system looks in every drawing: not by colour alone."""

    colour: str
    marker: str
    dash: str
    width_pt: float


def series_style(position: int) -> SeriesStyle:
    """Style by place in the list of systems: 0 the noisy input, 1 the model, drawn strongest."""
    others = SERIES_COLOURS - 2
    index = position if position < 2 else 2 + (position - 2) % others
    round_number = 0 if position < 2 else (position - 2) // others
    dash = ("--", "-")[position] if position < 2 else ("-", ":", "-.")[round_number % 3]
    return SeriesStyle(series_colour(index), _MARKERS[index], dash, 2.4 if position == 1 else 1.2)


@dataclass(frozen=True)
class Line:
    """A system's means over SNR; None where it has none."""

    style: SeriesStyle
    points: tuple[Interval | None, ...]


def common_limits(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Ends of a vertical axis that holds all intervals; None when there is none."""
    found = [
        point
        for line in lines
        for point in line.points
        if point is not None and math.isfinite(point.low) and math.isfinite(point.high)
    ]
    if not found:
        return None
    low, high = min(point.low for point in found), max(point.high for point in found)
    around = _SHARE_AROUND * (high - low) or 0.5
    return low - around, high + around


def snr_plot(
    snr_db: Sequence[float], lines: Sequence[Line], limits: tuple[float, float], name: str
) -> str:
    """Means with bands of their intervals over SNR; the second line is drawn on top."""
    with page_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4.7, 3.0), layout="constrained")
        axes = figure.subplots()
        for position, line in enumerate(lines):
            known = [(x, p) for x, p in zip(snr_db, line.points, strict=True) if p is not None]
            places = [x for x, _ in known]
            order = 30 if position == 1 else 10 + position
            axes.fill_between(
                places,
                [point.low for _, point in known],
                [point.high for _, point in known],
                color=line.style.colour,
                alpha=0.2 if position == 1 else 0.1,
                linewidth=0,
                zorder=order - 9,
            )
            axes.plot(
                places,
                [point.mean for _, point in known],
                color=line.style.colour,
                marker=line.style.marker,
                linestyle=line.style.dash,
                linewidth=line.style.width_pt,
                markersize=4.5,
                markeredgecolor=PAPER,
                markeredgewidth=0.5,
                zorder=order,
            )
        axes.set_xticks(list(snr_db))
        axes.set_ylim(*limits)
        axes.set_xlabel("SNR of the input, dB")
        axes.grid(True)
        axes.set_axisbelow(True)
        return inline_svg(figure, name)


def before_after_plot(
    pairs: Sequence[tuple[float, float, bool]],
    limits: tuple[float, float],
    label: str,
    style: SeriesStyle,
    name: str,
) -> str:
    """One mark a mixture: (value before, value after, reverberant); above the diagonal is better.

    ``label`` is the metric's name as the axes show it.
    """
    with page_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(3.1, 3.0), layout="constrained")
        axes = figure.subplots()
        axes.plot(limits, limits, color=INK, linewidth=0.8, linestyle="--", zorder=2)
        for reverberant in (False, True):
            chosen = [(x, y) for x, y, has_room in pairs if has_room == reverberant]
            axes.plot(
                [x for x, _ in chosen],
                [y for _, y in chosen],
                linestyle="none",
                marker="^" if reverberant else "o",
                markersize=4.2,
                markerfacecolor="none" if reverberant else style.colour,
                markeredgecolor=style.colour if reverberant else PAPER,
                markeredgewidth=0.9 if reverberant else 0.4,
                alpha=0.85,
                zorder=3,
            )
        ticks = range(math.ceil(limits[0]), math.floor(limits[1]) + 1)
        axes.set(xlim=limits, ylim=limits, xticks=ticks, yticks=ticks, aspect="equal")
        axes.set_xlabel(f"{label}, noisy input")
        axes.set_ylabel(f"{label}, output")
        axes.grid(True, color=FAINT)
        axes.set_axisbelow(True)
        return inline_svg(figure, name)


def legend_key(style: SeriesStyle, name: str) -> str:
    """A short piece of the line with its mark."""
    with page_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(0.5, 0.2))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.plot(
            [0.02, 0.98],
            [0.5, 0.5],
            color=style.colour,
            linestyle=style.dash,
            linewidth=style.width_pt,
        )
        axes.plot(
            [0.5],
            [0.5],
            color=style.colour,
            marker=style.marker,
            markersize=6,
            markeredgecolor=PAPER,
            markeredgewidth=0.5,
        )
        axes.set(xlim=(0, 1), ylim=(0, 1))
        return inline_svg(figure, name)

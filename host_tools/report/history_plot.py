# SPDX-License-Identifier: Apache-2.0
"""Load and power over time, a colour and a mark a device, as a picture or a page of its own."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from host_tools import __version__
from host_tools.errors import DataError, UsageError
from host_tools.files import check_target, whole_file
from host_tools.measure.result import MeasureResult
from host_tools.report.history import History
from host_tools.report.html_page import missing, render, template_text
from host_tools.report.inline_svg import SERIES_COLOURS, inline_svg, page_style, series_colour
from host_tools.report.plots import legend_key, series_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".html", ".png", ".svg")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "h")
_ON_WHITE = (
    *("#59636e", "#0b5cad", "#b45309", "#0f766e", "#a21caf"),
    *("#b91c1c", "#4d7c0f", "#6d28d9", "#1b1f24"),
)
_DOTS_PER_INCH = 150


@dataclass(frozen=True)
class Point:
    """A run: when, the value with how far it may be off below and above, how it is known."""

    when: datetime
    value: float
    below: float
    above: float
    kind: str


@dataclass(frozen=True)
class Curve:
    """The runs of one device."""

    device: str
    points: list[Point]


@dataclass(frozen=True)
class Chart:
    """One figure over time."""

    title: str
    axis: str
    curves: list[Curve]


def check_plot(path: Path) -> None:
    """To be called before the work. Raises UsageError for a name of no known kind, DataError."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path}: give a name that ends in {', '.join(SUFFIXES)}")
    check_target(path)


def write_history_plot(history: History, path: Path) -> None:
    """Draw the runs into a file whose name says which kind.

    Raises DataError when there is nothing to draw or ``path`` cannot be written, UsageError,
    MissingDependency without the packages of the extra "report".
    """
    check_plot(path)
    charts = charts_of(history)
    if not charts:
        raise DataError(f"{path}: no valid run with a known load or power, nothing to draw")
    kind = path.suffix.lower()
    content = _page(charts) if kind == ".html" else _picture(charts, kind)
    with whole_file(path) as part:
        part.write_bytes(content)


def charts_of(history: History) -> list[Chart]:
    """Load and power, as far as any run knows them; void runs prove nothing and are left out."""
    results = [run.result for run in history.runs if run.result.verdict != "void"]
    charts = [
        Chart("Load of one core", "load, %", _curves(results, _load)),
        Chart("Power above idle", "power, mW", _curves(results, _power)),
    ]
    return [chart for chart in charts if chart.curves]


def _curves(
    results: Sequence[MeasureResult], point: Callable[[MeasureResult], Point | None]
) -> list[Curve]:
    by_device: dict[str, list[Point]] = {}
    for result in results:
        if (found := point(result)) is not None:
            by_device.setdefault(result.device, []).append(found)
    return [Curve(device, points) for device, points in sorted(by_device.items())]


def _load(result: MeasureResult) -> Point | None:
    load = result.load
    if load.percent_of_core is None or load.low_percent is None or load.high_percent is None:
        return None
    below, above = load.percent_of_core - load.low_percent, load.high_percent - load.percent_of_core
    return Point(_when(result), load.percent_of_core, max(0.0, below), max(0.0, above), load.kind)


def _power(result: MeasureResult) -> Point | None:
    power = result.power
    if power is None or power.mw_above_idle is None:
        return None
    doubt = power.uncertainty_mw or 0.0
    return Point(_when(result), power.mw_above_idle, doubt, doubt, power.kind)


def _when(result: MeasureResult) -> datetime:
    return datetime.strptime(result.created_utc, "%Y-%m-%dT%H:%M:%SZ")


def _page(charts: list[Chart]) -> bytes:
    """A page with one drawing a chart; device names stand in its legend, never in a drawing."""
    devices = _devices(charts)
    drawings = []
    with page_style():
        from matplotlib.figure import Figure

        for number, chart in enumerate(charts):
            figure = Figure(figsize=(4.6, 2.8), layout="constrained")
            _draw(figure.subplots(), chart, devices, series_colour)
            drawings.append((chart, inline_svg(figure, f"chart{number}")))
    keys = [legend_key(series_style(place + 1), f"key{place}") for place in range(len(devices))]
    values = {
        "version": __version__,
        "drawings": drawings,
        "legend": list(zip(devices, keys, strict=True)),
        "style": template_text("evaluation.css") + template_text("run/page.css"),
    }
    return render("history.html", values).encode("utf-8", "replace")


def _picture(charts: list[Chart], kind: str) -> bytes:
    """A figure on white with a legend of its own."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise missing(error) from error
    devices, count = _devices(charts), len(charts)
    stream = io.BytesIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"svg.hashsalt": "percepnet", "text.parse_math": False})
        figure = Figure(figsize=(8.0, 3.2 * count), layout="constrained")
        for axes, chart in zip(figure.subplots(count, squeeze=False)[:, 0], charts, strict=True):
            _draw(axes, chart, devices, lambda place: _ON_WHITE[place])
            axes.set_title(chart.title)
            axes.legend(fontsize="small")
        facts = {"Date": None} if kind == ".svg" else {"Software": None}
        figure.savefig(stream, format=kind[1:], dpi=_DOTS_PER_INCH, metadata=facts)
    return stream.getvalue()


def _draw(axes: Axes, chart: Chart, devices: list[str], colour: Callable[[int], str]) -> None:
    """Marks with their doubt: filled measured, hollow estimated."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    for curve in chart.curves:
        place = 1 + devices.index(curve.device) % (SERIES_COLOURS - 1)
        ink = colour(place)
        axes.errorbar(
            date2num([point.when for point in curve.points]),
            [point.value for point in curve.points],
            yerr=[[p.below for p in curve.points], [p.above for p in curve.points]],
            color=ink,
            marker=None,
            linewidth=1.0,
            elinewidth=1.0,
            capsize=2.5,
        )
        for kind, fill in (("measured", ink), ("estimated", "none")):
            chosen = [point for point in curve.points if point.kind == kind]
            axes.plot(
                date2num([point.when for point in chosen]),
                [point.value for point in chosen],
                linestyle="none",
                marker=_MARKERS[(place - 1) % len(_MARKERS)],
                markersize=5,
                markerfacecolor=fill,
                markeredgecolor=ink,
                label=f"{curve.device}, {kind}" if chosen else None,
            )
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    points = [point for curve in chart.curves for point in curve.points]
    low = min(0.0, *(point.value - point.below for point in points))
    axes.set_ylim(low, low + 1.12 * (max(p.value + p.above for p in points) - low) or 1.0)
    times = [point.when for point in points]
    if min(times) == max(times):
        axes.set_xlim(date2num(times[0]) - 0.5, date2num(times[0]) + 0.5)
    axes.set_xlabel("time, UTC")
    axes.set_ylabel(chart.axis)
    axes.grid(True)
    axes.set_axisbelow(True)


def _devices(charts: list[Chart]) -> list[str]:
    return sorted({curve.device for chart in charts for curve in chart.curves})

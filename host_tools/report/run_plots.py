# SPDX-License-Identifier: Apache-2.0
"""The drawings of a measurement: frame times, load over time, power over time.

All return ``<svg>`` elements without any text from data, and raise MissingDependency without
matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from host_tools.measure.pacing import Histogram
from host_tools.power.energy import Block
from host_tools.power.recording import Recording
from host_tools.report.inline_svg import FAINT, INK, inline_svg, page_style, series_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (4.1, 2.3)
_POWER_SIZE = (4.6, 2.6)
_MOST_TICKS = 6
_MOST_BLOCK_LABELS = 9
POWER_POINTS = 500

Values = NDArray[np.float64]


def histogram_plot(
    bars: Histogram, marks: Sequence[tuple[str, float]], limits: tuple[float, float], name: str
) -> str:
    """Frames by their time, both axes logarithmic; *marks* are labelled times in microseconds."""
    with page_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.subplots()
        counts = np.asarray(bars.counts, dtype=np.float64)
        axes.stairs(counts, bars.edges_us, fill=True, color=series_colour(1), baseline=0.5)
        axes.set_yscale("log")
        top = max(2.0, float(counts.max(initial=1.0)))
        axes.set_ylim(0.5, top * 4)
        _time_axis(axes, limits)
        _count_axis(axes, top)
        for place, (text, value_us) in enumerate(marks):
            if limits[0] <= value_us <= limits[1]:
                axes.axvline(value_us, color=INK, linewidth=0.9, linestyle="--")
                height = top * (2.6 if place != 1 else 1.4)
                at_end = math.log(value_us / limits[0]) > 0.8 * math.log(limits[1] / limits[0])
                side = "right" if at_end or place == 0 else "left"
                axes.annotate(f" {text} ", (value_us, height), ha=side, va="center")
        axes.set_xlabel("time, \N{MICRO SIGN}s")
        axes.set_ylabel("how often")
        return inline_svg(figure, name)


def time_limits(histograms: Sequence[Histogram]) -> tuple[float, float]:
    """Ends of a time axis in microseconds that holds all of them."""
    low = min(each.edges_us[0] for each in histograms)
    high = max(each.edges_us[-1] for each in histograms)
    return max(low, 1e-3) * 0.9, high * 1.1


def load_time_plot(loads: Sequence[Values], top: float, name: str) -> str:
    """Percent of each second: the median of the runs and the range between them."""
    seconds = min(len(load) for load in loads)
    table = np.stack([load[:seconds] for load in loads])
    at = np.arange(seconds) + 0.5
    with page_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.subplots()
        colour = series_colour(1)
        axes.fill_between(at, table.min(0), table.max(0), color=colour, alpha=0.2, linewidth=0)
        axes.plot(at, np.median(table, axis=0), color=colour, linewidth=1.6, marker="o", ms=2.5)
        axes.set(xlim=(0, seconds), ylim=(0, top * 1.1 or 1.0))
        axes.grid(True)
        axes.set_axisbelow(True)
        axes.set_xlabel("time, s")
        axes.set_ylabel("in the library, %")
        return inline_svg(figure, name)


def load_by_second(time_us: Values) -> Values:
    """Percent of each whole second of audio that its 100 frames took."""
    seconds = len(time_us) // 100
    sums: Values = time_us[: seconds * 100].reshape(seconds, 100).sum(axis=1)
    return sums / 1e4


def power_plot(record: Recording, blocks: Sequence[Block], name: str) -> str:
    """Power over time, idle and load blocks shaded, with the mean of each block."""
    at, low, mean, high = thinned(record.time_s, record.power_mw)
    with page_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=_POWER_SIZE, layout="constrained")
        axes = figure.subplots()
        for block in blocks:
            is_load = block.kind == "load"
            axes.axvspan(
                block.begin_s,
                block.end_s,
                color=series_colour(2) if is_load else FAINT,
                alpha=0.18 if is_load else 0.35,
                linewidth=0,
            )
            if len(blocks) <= _MOST_BLOCK_LABELS:
                axes.annotate(
                    block.kind,
                    ((block.begin_s + block.end_s) / 2, 0.98),
                    xycoords=("data", "axes fraction"),
                    ha="center",
                    va="top",
                    annotation_clip=True,
                ).set_in_layout(False)
        colour = series_colour(1)
        axes.fill_between(at, low, high, color=colour, alpha=0.3, linewidth=0)
        axes.plot(at, mean, color=colour, linewidth=0.8)
        for block in blocks:
            ends = (block.begin_s + block.skipped_s, block.end_s - block.skipped_s)
            axes.plot(ends, (block.power_mw, block.power_mw), color=INK, linewidth=1.8)
        span = float(high.max() - low.min()) or 1.0
        axes.set_ylim(float(low.min()) - 0.05 * span, float(high.max()) + 0.2 * span)
        axes.set_xlim(float(at[0]), float(at[-1]))
        axes.set_xlabel("time, s")
        axes.set_ylabel("power, mW")
        return inline_svg(figure, name)


def thinned(time_s: Values, power_mw: Values) -> tuple[Values, Values, Values, Values]:
    """At most POWER_POINTS stretches of equal samples: middle, least, mean and largest of each."""
    parts = min(POWER_POINTS, len(time_s))
    starts = np.linspace(0, len(time_s), parts, endpoint=False).astype(np.int64)
    counts = np.diff(np.append(starts, len(time_s)))
    return (
        np.add.reduceat(time_s, starts) / counts,
        np.minimum.reduceat(power_mw, starts),
        np.add.reduceat(power_mw, starts) / counts,
        np.maximum.reduceat(power_mw, starts),
    )


def _time_axis(axes: Axes, limits: tuple[float, float]) -> None:
    """A logarithmic axis with plain numbers."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xlim(*limits)
    decades = range(math.floor(math.log10(limits[0])), math.ceil(math.log10(limits[1])) + 1)
    steps: tuple[float, ...]
    for steps in ((1, 1.2, 1.5, 2, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [s * 10.0**d for d in decades for s in steps]
        ticks = [tick for tick in ticks if limits[0] <= tick <= limits[1]]
        if len(ticks) <= _MOST_TICKS:
            break
    axes.set_xticks(ticks, [f"{tick:,.6g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _count_axis(axes: Axes, top: float) -> None:
    from matplotlib.ticker import NullLocator

    ticks = [10.0**power for power in range(math.floor(math.log10(top)) + 1)]
    axes.set_yticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())

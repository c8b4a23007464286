# SPDX-License-Identifier: Apache-2.0
"""The figures of an evaluation's page, with the numbers that they show."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.measure import summary
from host_tools.measure.evaluation_result import (
    NOISY,
    EvaluationResult,
    Interval,
    MixtureFacts,
    room_label,
    snr_label,
)
from host_tools.report.evaluation_rows import Cell, interval_cell
from host_tools.report.metric_words import MetricWords, words_for
from host_tools.report.plots import (
    Line,
    before_after_plot,
    common_limits,
    legend_key,
    series_style,
    snr_plot,
)

ROOMS = ("dry", "reverberant")
SCATTER_METRIC = "pesq_wb"
SCATTER_LIMITS = (0.9, 4.7)
"""All that PESQ-WB can be, 1.04 to 4.64."""


@dataclass(frozen=True)
class LegendEntry:
    """A system and how it looks."""

    system: str
    title: str
    key_svg: str


@dataclass(frozen=True)
class Panel:
    """One drawing; ``caption`` says in words what it shows."""

    caption: str
    svg: str


@dataclass(frozen=True)
class MetricFigure:
    """A metric over SNR, a panel a kind of room, and the same as a table."""

    metric: str
    words: MetricWords
    panels: list[Panel]
    columns: list[str]
    rows: list[tuple[str, list[Cell]]]


def legend(result: EvaluationResult) -> list[LegendEntry]:
    """The systems in their order. Raises MissingDependency without matplotlib."""
    return [
        LegendEntry(each.name, each.title, legend_key(series_style(place), f"key{place}"))
        for place, each in enumerate(result.systems)
    ]


def metric_figures(result: EvaluationResult) -> list[MetricFigure]:
    """One for each metric, in the result's order. Raises MissingDependency without matplotlib."""
    by_group = summary.means_by(result.scores, result.metrics, result.mixtures, _group)
    return [_metric_figure(result, metric, by_group) for metric in result.metrics]


def before_after_panels(result: EvaluationResult) -> list[Panel]:
    """PESQ of every mixture before and after, a panel a system but the input itself."""
    if SCATTER_METRIC not in result.metrics or NOISY not in result.scores:
        return []
    label = words_for(SCATTER_METRIC).label
    panels = []
    for place, system in enumerate(result.systems):
        pairs = [
            (before, after, mixture.reverberant)
            for mixture, noisy, cleaned in zip(
                result.mixtures, result.scores[NOISY], result.scores[system.name], strict=True
            )
            if (before := noisy.get(SCATTER_METRIC)) is not None
            and (after := cleaned.get(SCATTER_METRIC)) is not None
        ]
        if system.name == NOISY or not pairs:
            continue
        higher = sum(after > before for before, after, _ in pairs)
        panels.append(
            Panel(
                f"{system.name}: higher than the input for {higher} of {len(pairs)} mixtures",
                before_after_plot(
                    pairs, SCATTER_LIMITS, label, series_style(place), f"scatter{place}"
                ),
            )
        )
    return panels


def _group(mixture: MixtureFacts) -> str:
    return f"{room_label(mixture)} {snr_label(mixture.snr_db)}"


def _metric_figure(
    result: EvaluationResult, metric: str, by_group: dict[str, summary.Means]
) -> MetricFigure:
    words = words_for(metric)
    present = [room for room in ROOMS if any(room_label(m) == room for m in result.mixtures)]
    levels = {
        room: sorted({m.snr_db for m in result.mixtures if room_label(m) == room})
        for room in present
    }

    def points(system: str, room: str) -> tuple[Interval | None, ...]:
        groups = (by_group[f"{room} {snr_label(snr_db)}"] for snr_db in levels[room])
        return tuple(group.get(system, {}).get(metric) for group in groups)

    lines = {
        room: [
            Line(series_style(place), points(system.name, room))
            for place, system in enumerate(result.systems)
        ]
        for room in present
    }
    limits = common_limits([line for each in lines.values() for line in each])
    panels = (
        []
        if limits is None
        else [
            Panel(
                f"{words.label}, {room}",
                snr_plot(levels[room], lines[room], limits, f"{_identifier(metric)}-{room}"),
            )
            for room in present
        ]
    )
    columns = [f"{room} {snr_label(snr_db)} dB" for room in present for snr_db in levels[room]]
    columns += [f"all {room}" for room in present]
    rows = [
        (
            system.name,
            [interval_cell(value, words) for room in present for value in points(system.name, room)]
            + [
                interval_cell(result.by_room.get(room, {}).get(system.name, {}).get(metric), words)
                for room in present
            ],
        )
        for system in result.systems
    ]
    return MetricFigure(metric, words, panels, columns, rows)


def _identifier(metric: str) -> str:
    """A metric's name as part of an id."""
    return "".join(letter if letter.isalnum() else "-" for letter in metric)

# SPDX-License-Identifier: Apache-2.0
"""The tables of an evaluation's page: from figures to cells with words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from host_tools.measure.evaluation_result import EvaluationResult, Interval
from host_tools.report.metric_words import UNKNOWN, MetricWords, number_text, words_for

if TYPE_CHECKING:
    from host_tools.measure.situations import Figure, Situation
    from host_tools.quantize.fidelity import Fidelity

BETTER, WORSE, UNCLEAR = "better", "worse", "unclear"


@dataclass(frozen=True)
class Cell:
    """A mean and its interval as text; ``verdict`` is "", "best", or one of the three words."""

    mean: str
    interval: str
    verdict: str = ""


@dataclass(frozen=True)
class Row:
    """A line of a table."""

    name: str
    cells: list[Cell]


@dataclass(frozen=True)
class FigureRow:
    """A figure of a situation; ``verdict`` is "ok", "not ok", "unknown" or "no limit"."""

    name: str
    value: str
    limit: str
    verdict: str


@dataclass(frozen=True)
class SituationRows:
    """A situation with its figures; ``verdict`` as of a figure."""

    title: str
    verdict: str
    figures: list[FigureRow]


@dataclass(frozen=True)
class Summary:
    """The differences to one other system: verdict and the metrics that have it, in words."""

    system: str
    parts: list[tuple[str, str]]


def interval_cell(value: Interval | None, words: MetricWords, *, sign: bool = False) -> Cell:
    """A mean with "low to high" below; "unknown" when there is none."""
    if value is None or not math.isfinite(value.mean):
        return Cell(UNKNOWN, "")
    mean, low, high = (
        number_text(number, words.decimals, sign=sign)
        for number in (value.mean, value.low, value.high)
    )
    return Cell(mean, f"{low} to {high}")


def mean_rows(result: EvaluationResult) -> list[Row]:
    """A row a system, a cell a metric, the highest mean of each metric marked."""
    best = {metric: _highest(result, metric) for metric in result.metrics}
    rows = []
    for system in result.systems:
        cells = []
        for metric in result.metrics:
            value = result.means.get(system.name, {}).get(metric)
            cell = interval_cell(value, words_for(metric))
            if value is not None and value.mean == best[metric]:
                cell = Cell(cell.mean, cell.interval, "best")
            cells.append(cell)
        rows.append(Row(system.name, cells))
    return rows


def difference_rows(result: EvaluationResult) -> list[Row]:
    """Model minus every other system: a row a system, a cell a metric."""
    found = {(each.system, each.metric): each.difference for each in result.comparisons}
    rows = []
    for system in result.systems:
        if system.name == result.model:
            continue
        cells = []
        for metric in result.metrics:
            value = found.get((system.name, metric))
            cell = interval_cell(value, words_for(metric), sign=True)
            cells.append(Cell(cell.mean, cell.interval, difference_verdict(value)))
        rows.append(Row(system.name, cells))
    return rows


def difference_verdict(value: Interval | None) -> str:
    """BETTER when the interval is above 0, WORSE when below, UNCLEAR when it holds 0, else ""."""
    if value is None or not (math.isfinite(value.low) and math.isfinite(value.high)):
        return ""
    if value.low > 0.0:
        return BETTER
    return WORSE if value.high < 0.0 else UNCLEAR


def summaries(result: EvaluationResult) -> list[Summary]:
    """The differences in words, one for each other system."""
    found = []
    for row in difference_rows(result):
        parts = []
        for verdict in (BETTER, WORSE, UNCLEAR, UNKNOWN):
            labels = [
                words_for(metric).label
                for metric, cell in zip(result.metrics, row.cells, strict=True)
                if (cell.verdict or UNKNOWN) == verdict
            ]
            if labels:
                everywhere = len(labels) == len(result.metrics) > 1
                parts.append((verdict, "every metric" if everywhere else ", ".join(labels)))
        found.append(Summary(row.name, parts))
    return found


def situation_rows(situations: list[Situation]) -> list[SituationRows]:
    """The situations with every figure and its limit in words."""
    rows = []
    for situation in situations:
        figures = [_figure_row(figure) for figure in situation.figures]
        verdict = _verdict(situation.ok)
        if situation.ok is None and any(figure.verdict == UNKNOWN for figure in figures):
            verdict = UNKNOWN
        rows.append(SituationRows(situation.title, verdict, figures))
    return rows


def fidelity_rows(fidelity: Fidelity | None) -> list[tuple[str, str]]:
    """Names and values of the comparison of integers with the float network, if there is one."""
    if fidelity is None:
        return []
    snr_db = fidelity.output_snr_db
    return [
        ("Float output over its change", f"{snr_db:.1f} dB" if math.isfinite(snr_db) else "same"),
        ("Mean error of gains", f"{fidelity.mean_gain_error:.4f}"),
        ("Mean error of comb strengths", f"{fidelity.mean_strength_error:.4f}"),
        ("Mean error of voice activity", f"{fidelity.mean_voice_error:.4f}"),
        ("Frames of 10 ms", str(fidelity.frames)),
    ]


def _figure_row(figure: Figure) -> FigureRow:
    unit = f" {figure.unit}" if figure.unit else ""
    value = number_text(figure.value, 2 if figure.unit else 3)
    shown = value if value == UNKNOWN else value + unit
    if figure.limit is None:
        return FigureRow(figure.name, shown, "", "no limit")
    kind = {">=": "at least", "<=": "at most"}.get(figure.limit_kind, figure.limit_kind)
    verdict = UNKNOWN if value == UNKNOWN else _verdict(figure.ok)
    return FigureRow(figure.name, shown, f"{kind} {_limit_text(figure.limit)}{unit}", verdict)


def _limit_text(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _verdict(ok: bool | None) -> str:
    return {True: "ok", False: "not ok", None: "no limit"}[ok]


def _highest(result: EvaluationResult, metric: str) -> float | None:
    means = [
        intervals[metric].mean
        for intervals in result.means.values()
        if metric in intervals and math.isfinite(intervals[metric].mean)
    ]
    return max(means, default=None)

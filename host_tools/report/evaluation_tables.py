# SPDX-License-Identifier: Apache-2.0
"""An evaluation as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.measure.evaluation_result import EvaluationResult, Interval
from host_tools.report.metric_words import words_for

if TYPE_CHECKING:
    from host_tools.measure.situations import Situation

_HEADINGS = {
    "pesq_wb": "PESQ-WB",
    "stoi": "STOI",
    "si_sdr_db": "SI-SDR dB",
    "dnsmos_sig": "DNSMOS sig",
    "dnsmos_bak": "DNSMOS bak",
    "dnsmos_ovrl": "DNSMOS ovrl",
}


def print_evaluation(result: EvaluationResult, console: Console) -> None:
    """Show means, differences, groups, situations, fidelity and notes, in this order."""
    console.print(
        f"model {result.model} ({result.model_digest[:16]}) on {result.device} "
        f"({result.kernel}), split {result.split}, {len(result.mixtures)} mixtures of 10 s, "
        f"list {result.list_digest[:16]}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(_means(result))
    if result.comparisons:
        console.print(_differences(result))
    for metric in result.metrics:
        table = _groups(result, metric)
        if table is not None:
            console.print(table)
    for situation in result.situations:
        console.print(_situation_text(situation))
    if result.fidelity is not None:
        console.print(_fidelity(result), highlight=False, soft_wrap=True)
    for system in result.systems:
        if system.note:
            console.print(Text(f"{system.name}: {system.title}; {system.note}", style="dim"))
    for note in result.notes:
        console.print(Text(f"note: {note}", style="bold yellow"))


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=not number)
    return table


def _known(result: EvaluationResult) -> list[str]:
    return [
        metric
        for metric in result.metrics
        if any(metric in intervals for intervals in result.means.values())
    ]


def _means(result: EvaluationResult) -> Table:
    metrics = _known(result)
    table = _table(
        "Mean [95 % interval]", ["system", *(_HEADINGS.get(name, name) for name in metrics)]
    )
    for system in result.systems:
        intervals = result.means[system.name]
        table.add_row(system.name, *(_cell(intervals.get(name), name) for name in metrics))
    return table


def _differences(result: EvaluationResult) -> Table:
    """Model minus others; green where the interval lies above 0, red where below."""
    metrics = _known(result)
    table = _table(
        f"{result.model} minus the other, same mixtures [95 % interval]",
        ["other", *(_HEADINGS.get(name, name) for name in metrics)],
    )
    found = {(each.system, each.metric): each.difference for each in result.comparisons}
    for system in result.systems:
        if system.name == result.model:
            continue
        cells = []
        for name in metrics:
            difference = found.get((system.name, name))
            text = Text(_cell(difference, name, sign=True))
            if difference is not None and difference.low > 0.0:
                text.stylize("green")
            elif difference is not None and difference.high < 0.0:
                text.stylize("red")
            cells.append(text)
        table.add_row(system.name, *cells)
    return table


def _groups(result: EvaluationResult, metric: str) -> Table | None:
    """One metric by SNR and by room; None when nobody has it."""
    groups = {
        **{f"{label} dB": means for label, means in result.by_snr.items()},
        **result.by_room,
    }
    if metric not in _known(result):
        return None
    table = _table(f"{_HEADINGS.get(metric, metric)}, means", ["system", *groups])
    for system in result.systems:
        values = [means[system.name].get(metric) for means in groups.values()]
        table.add_row(
            system.name,
            *("unknown" if v is None else _number(v.mean, metric) for v in values),
        )
    return table


def _cell(value: Interval | None, metric: str, *, sign: bool = False) -> str:
    if value is None:
        return "unknown"
    mean, low, high = (_number(v, metric, sign=sign) for v in (value.mean, value.low, value.high))
    return f"{mean} [{low}, {high}]"


def _number(value: float, metric: str, *, sign: bool = False) -> str:
    decimals = words_for(metric).decimals
    return f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"


def _situation_text(situation: Situation) -> Text:
    word, style = {True: ("ok", "green"), False: ("FAILED", "bold red"), None: ("", "dim")}[
        situation.ok
    ]
    figures = ", ".join(
        f"{figure.name} {'unknown' if figure.value is None else f'{figure.value:.2f}'}"
        f"{' ' + figure.unit if figure.unit else ''}"
        + ("" if figure.limit is None else f" ({figure.limit_kind} {figure.limit:g})")
        for figure in situation.figures
    )
    return Text(f"{situation.title}: {figures} {word}".rstrip(), style=style)


def _fidelity(result: EvaluationResult) -> str:
    found = result.fidelity
    assert found is not None
    return (
        f"integer against float network, {found.frames} frames: output SNR "
        f"{found.output_snr_db:.1f} dB, mean error gain {found.mean_gain_error:.4f}, "
        f"strength {found.mean_strength_error:.4f}, voice {found.mean_voice_error:.4f}"
    )

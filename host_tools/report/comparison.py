# SPDX-License-Identifier: Apache-2.0
"""Kept runs side by side: what differs, and whether the spread allows saying so."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UsageError
from host_tools.measure.result import MeasureResult
from host_tools.report.figures_of_run import (
    Name,
    ReadRun,
    Value,
    figures_of,
    read_for_comparison,
)
from host_tools.report.run_words import number

MIN_PERCENT = 5.0
"""Two measurements of the same thing on a host at rest differ by less."""

MIN_PERCENT_WITHOUT_REPEATS = 10.0
"""For what was measured once, whose spread nobody knows."""

NO_DIFFERENCE = "no difference seen"
THE_SAME = "the same"
UNKNOWN = "unknown"

_SAME: dict[str, Callable[[MeasureResult], str]] = {
    "model": lambda result: result.model_digest,
    "clip": lambda result: f"{result.clip}, {result.frames} frames",
    "output digest": lambda result: result.output_digest,
    "device": lambda result: result.device,
    "kernel": lambda result: result.kernel,
}


@dataclass(frozen=True)
class Sameness:
    """One fact about all runs: whether it is the same, and what it is in each."""

    name: str
    same: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """A run against the first: ``percent`` more, None where that means nothing; in words.

    ``seen`` None: it cannot be told.
    """

    percent: float | None
    seen: bool | None
    words: str


@dataclass(frozen=True)
class Row:
    """A figure: its value in each run (None: unknown), and each later run against the first."""

    name: Name
    values: tuple[Value | None, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Comparison:
    """All runs in the order in which they were given."""

    runs: tuple[ReadRun, ...]
    facts: tuple[Sameness, ...]
    rows: tuple[Row, ...]


def compare_runs(paths: list[Path]) -> Comparison:
    """Compare run folders or result.json files with the first.

    Raises DataError with the one that cannot be read, UsageError for fewer than two.
    """
    if len(paths) < 2:
        raise UsageError("give two or more run folders to compare")
    return comparison(tuple(map(read_for_comparison, paths)))


def comparison(runs: tuple[ReadRun, ...]) -> Comparison:
    """Compare runs with the first."""
    facts = []
    engines = tuple(run.result.engine for run in runs)
    if len(set(engines)) > 1:
        facts.append(Sameness("engine", False, engines))
    for fact, of in _SAME.items():
        values = tuple(of(run.result) for run in runs)
        facts.append(Sameness(fact, len(set(values)) == 1, values))
    rows = []
    for name, found in figures_of(runs).items():
        against = tuple(difference(name, found[0], other) for other in found[1:])
        rows.append(Row(name, found, against))
    return Comparison(runs, tuple(facts), tuple(rows))


def difference(name: Name, first: Value | None, other: Value | None) -> Difference:
    """What may be said of *other* against *first*."""
    if first is None or other is None:
        return Difference(None, None, UNKNOWN)
    change = other.value - first.value
    percent = 100.0 * change / first.value if first.value and name.is_ratio else None
    if first.kind != other.kind:
        words = f"not compared: {first.kind} against {other.kind}"
        return Difference(percent, None, words)
    if change == 0.0:
        return Difference(percent, False, THE_SAME if first.kind == "exact" else NO_DIFFERENCE)
    if not _seen(first, other, percent):
        return Difference(percent, False, NO_DIFFERENCE)
    size = f"{number(abs(change))} {name.unit}".rstrip()
    if percent is not None:
        size = f"{number(abs(percent), 2)} %"
    word = name.more if change > 0 else name.less
    words = f"{word} by {size} ({value_text(first)} to {value_text(other)})"
    return Difference(percent, True, words + ("; measured once" if _once(first, other) else ""))


def _once(first: Value, other: Value) -> bool:
    """Whether one of two measured values has no repeats that show its spread."""
    return "measured" in (first.kind, other.kind) and None in (
        first.low if first.uncertainty is None else first.uncertainty,
        other.low if other.uncertainty is None else other.uncertainty,
    )


def _seen(first: Value, other: Value, percent: float | None) -> bool:
    """Whether two values that are not equal differ by more than chance."""
    if first.kind == "exact":
        return True
    if first.uncertainty is not None and other.uncertainty is not None:
        doubt = math.hypot(first.uncertainty, other.uncertainty)
        return abs(other.value - first.value) > doubt
    least = MIN_PERCENT_WITHOUT_REPEATS if _once(first, other) else MIN_PERCENT
    if first.kind == "measured" and _overlap(first, other):
        return False
    return percent is None or abs(percent) > least


def _overlap(first: Value, other: Value) -> bool:
    """Whether the ranges of two sets of repeats touch; not so where one has none."""
    if first.low is None or first.high is None or other.low is None or other.high is None:
        return False
    return first.low <= other.high and other.low <= first.high


def value_text(found: Value) -> str:
    """A value as text, exact ones to the whole number where they are large."""
    if found.kind == "exact" and found.value >= 1000:
        return f"{found.value:,.0f}"
    return number(found.value)

# SPDX-License-Identifier: Apache-2.0
"""Rows of a report that show a figure as text and as a bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from host_tools.measure.budget import BudgetLine
from host_tools.measure.pacing import Pacing
from host_tools.measure.result import MeasureResult
from host_tools.report.run_words import BUDGET_WORDS, number, pace_title, with_unit

MOST_FUNCTIONS = 12
_STAGE_UNITS = {"instructions": ("instructions", 1.0), "nanoseconds": ("\N{MICRO SIGN}s", 1e-3)}


@dataclass(frozen=True)
class Bar:
    """``share`` is the bar's length in percent of its track; "" draws none.

    ``spread`` is (begin, length) of a range on the same track; ``limit`` where a mark stands.
    ``kind`` is measured, estimated, exact or unknown, "" where the section says it. ``state`` is
    "ok", "not-ok" or "".
    """

    label: str
    value: str
    share: str = ""
    spread: tuple[str, str] | None = None
    limit: str = ""
    kind: str = ""
    note: str = ""
    state: str = ""


@dataclass(frozen=True)
class BarGroup:
    """Bars under one heading."""

    title: str
    bars: list[Bar]


def budget_bars(result: MeasureResult) -> list[Bar]:
    """Each limit: what was found, how it is known and how far it is from the limit."""
    return [] if result.budget is None else [_budget_bar(line) for line in result.budget.lines]


def cadence_bars(result: MeasureResult) -> list[Bar]:
    """Load at each cadence with the range of its repeats, on one scale."""
    loads = [(entry, entry.load_percent) for entry in result.pacing]
    top = max((load.high for _, load in loads if load is not None), default=0.0)
    bars = []
    for entry, load in loads:
        title = pace_title(entry.pace_ms)
        if load is None:
            bars.append(Bar(title, "unknown", kind="unknown", note="no clock of CPU time"))
            continue
        spread = (_share(load.low, top), _share(load.high - load.low, top))
        note = f"{number(load.low)} to {number(load.high)} % in {load.count} runs"
        if entry.load_outliers:
            note += f", {entry.load_outliers} of them far from the median"
        value = with_unit(load.median, "%")
        bars.append(Bar(title, value, _share(load.median, top), spread, "", "measured", note))
    return bars


def stage_bars(result: MeasureResult) -> list[Bar]:
    """Stages in the order of the signal path."""
    if result.stages_unit is None:
        return []
    unit, factor = _STAGE_UNITS[result.stages_unit]
    total = sum(result.stages.values())
    top = max(result.stages.values(), default=0.0)
    return [
        Bar(name, with_unit(value * factor, unit), _share(value, top), note=_part(value, total))
        for name, value in result.stages.items()
    ]


def clock_groups(pacings: Iterable[Pacing]) -> list[BarGroup]:
    """Shares of the time at each clock, by cadence and policy of the cores."""
    return [
        BarGroup(
            f"{pace_title(entry.pace_ms)}, {policy}",
            [Bar(f"{mhz} MHz", _part(share, 1.0), _share(share, 1.0)) for mhz, share in shares],
        )
        for entry in pacings
        for policy, by_mhz in entry.frequency_shares.items()
        if (shares := sorted(by_mhz.items(), key=lambda item: float(item[0])))
    ]


def thread_bars(result: MeasureResult) -> list[Bar]:
    """CPU time of the agent's threads, most first."""
    threads = sorted(result.threads, key=lambda use: -use.cpu_ms)
    top = max((use.cpu_ms for use in threads), default=0.0)
    return [
        Bar(f"{use.name} ({use.number})", with_unit(use.cpu_ms, "ms"), _share(use.cpu_ms, top))
        for use in threads
    ]


def estimate_bars(result: MeasureResult) -> list[Bar]:
    """Estimated loads of named cores: the bar is the upper bound, the range the doubt."""
    top = max((each.high_percent for each in result.load_estimates), default=0.0)
    return [
        Bar(
            each.title,
            f"{number(each.low_percent)} to {with_unit(each.high_percent, '%')}",
            _share(each.high_percent, top),
            (
                _share(each.low_percent, top),
                _share(each.high_percent - each.low_percent, top),
            ),
            kind="estimated",
            note=f"compute {number(each.compute_percent)} %, "
            f"memory {number(each.memory_percent)} %",
        )
        for each in result.load_estimates
    ]


def function_bars(result: MeasureResult) -> list[Bar]:
    """Functions with the most instructions a frame."""
    if result.instructions is None:
        return []
    found = sorted(result.instructions.top_functions.items(), key=lambda item: -item[1])
    top = found[0][1] if found else 0.0
    mean = result.instructions.mean
    return [
        Bar(name, f"{value:,.0f}", _share(value, top), note=_part(value, mean))
        for name, value in found[:MOST_FUNCTIONS]
    ]


def uncertainty_bars(result: MeasureResult) -> list[Bar]:
    """Standard uncertainties of the power, by source."""
    parts = {} if result.power is None else result.power.uncertainty_parts_mw
    top = max(parts.values(), default=0.0)
    return [Bar(name, with_unit(value, "mW"), _share(value, top)) for name, value in parts.items()]


def _budget_bar(line: BudgetLine) -> Bar:
    title, unit = BUDGET_WORDS.get(line.name, (line.name, ""))
    state = "" if line.ok is None else "ok" if line.ok else "not-ok"
    if line.value is None or line.limit is None:
        note = "stated, without a limit"
        if line.limit is not None:
            note = f"at most {with_unit(line.limit, unit)}"
        return Bar(title, with_unit(line.value, unit), kind=line.kind, note=note, state=state)
    top = max(line.value, line.limit)
    return Bar(
        title,
        with_unit(line.value, unit),
        _share(line.value, top),
        None,
        _share(line.limit, top),
        line.kind,
        f"at most {with_unit(line.limit, unit)}: {_margin(line.value, line.limit)}",
        state,
    )


def _margin(value: float, limit: float) -> str:
    if limit == 0 or value == limit:
        return "at the limit" if value <= limit else "over a limit of 0"
    if value > limit:
        return f"over by {number(100 * (value / limit - 1), 2)} %"
    return f"{number(100 * (1 - value / limit), 2)} % to spare"


def _share(value: float, top: float) -> str:
    return f"{100 * min(max(value / top, 0.0), 1.0):.2f}" if top > 0 else "0"


def _part(value: float, total: float) -> str:
    return f"{100 * value / total:.1f} %" if total > 0 else ""

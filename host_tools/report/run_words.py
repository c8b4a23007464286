# SPDX-License-Identifier: Apache-2.0
"""The words of a measurement's report: its verdict, the names of figures, numbers as text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from host_tools.measure.budget import BudgetLine
from host_tools.measure.result import MeasureResult

MINUS = "\N{MINUS SIGN}"

State = Literal["pass", "fail", "void", "partial"]

BUDGET_WORDS = {
    "load_percent_of_core": ("Load of one core", "%"),
    "frame_time_p99_percent": ("Frame time p99 of its period", "%"),
    "delay_ms": ("Delay of the algorithm", "ms"),
    "power_mw": ("Power above idle", "mW"),
    "state_kib": ("State of one channel", "KiB"),
    "stack_kib": ("Deepest stack", "KiB"),
    "flash_kib": ("Code, tables and model", "KiB"),
}
"""Line of a budget to its name and unit."""


@dataclass(frozen=True)
class Verdict:
    """How a measurement ended and why, in one or more lines."""

    state: State
    reasons: list[str]


def verdict_of(result: MeasureResult) -> Verdict:
    """Broken rules first, then broken limits, then what could not be compared."""
    broken = [f"{rule.name}: {rule.evidence}" for rule in result.validity if not rule.ok]
    if result.partial:
        return Verdict("partial", [*broken, "what was finished is shown"])
    if result.verdict == "void":
        return Verdict("void", broken)
    lines = () if result.budget is None else result.budget.lines
    over = [_over(line) for line in lines if line.ok is False]
    unknown = [budget_name(line.name).lower() for line in lines if line.ok is None]
    if unknown:
        over.append(f"not compared, because unknown: {', '.join(unknown)}")
    if result.verdict == "fail":
        return Verdict("fail", over)
    kept = f"all {len(result.validity)} rules were kept"
    if result.budget is None:
        return Verdict("pass", [f"{kept}; no budget was asked for"])
    return Verdict("pass", [f"{kept}, within the budget {result.budget.name!r}", *over])


def budget_name(name: str) -> str:
    """A line of a budget in words."""
    return BUDGET_WORDS.get(name, (name, ""))[0]


def with_unit(value: float | None, unit: str) -> str:
    """A number with its unit; "unknown" for None."""
    return "unknown" if value is None else f"{number(value)} {unit}".rstrip()


def number(value: float, digits: int = 3) -> str:
    """So many significant digits, whole numbers in full, with a comma between thousands."""
    if not math.isfinite(value):
        return "unknown"
    size = math.floor(math.log10(abs(value))) if value else 0
    decimals = max(0, min(digits - 1 - size, 6))
    text = f"{value:,.{decimals}f}"
    if "." in text and float(value).is_integer():
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def pace_title(pace_ms: int) -> str:
    """A cadence as a heading."""
    return f"Paced {pace_ms} ms" if pace_ms else "Unpaced"


def _over(line: BudgetLine) -> str:
    title, unit = BUDGET_WORDS.get(line.name, (line.name, ""))
    return (
        f"{title.lower()}: {with_unit(line.value, unit)} ({line.kind}), "
        f"at most {with_unit(line.limit, unit)} allowed"
    )

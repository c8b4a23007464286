# SPDX-License-Identifier: Apache-2.0
"""Comparing a measurement with the limits of models/budgets.toml.

A line is ok, not ok, or unknown (no meter, no clock, no size report). Unknown lines neither
pass nor fail; a budget is met when no line is broken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from host_tools.errors import DataError, UsageError
from host_tools.measure.toml_file import read_toml

BUDGETS_FILE = Path(__file__).parents[2] / "models" / "budgets.toml"

Kind = Literal["measured", "estimated", "exact", "unknown"]


@dataclass(frozen=True)
class Limits:
    """Upper limits of one budget; a flash limit of 0 asks only that the size is stated."""

    load_percent_of_core: float
    frame_time_p99_percent: float
    delay_ms: float
    power_mw: float
    state_kib: float
    stack_kib: float
    flash_kib: float


@dataclass(frozen=True)
class Figure:
    """A value and how it is known; ``value`` None: unknown."""

    value: float | None
    kind: Kind

    def __post_init__(self) -> None:
        if (self.value is None) != (self.kind == "unknown"):
            raise ValueError("a figure is unknown exactly when it has no value")


UNKNOWN = Figure(None, "unknown")


@dataclass(frozen=True)
class BudgetLine:
    """One limit and what was found; ``ok`` None: unknown. ``limit`` None: stated only."""

    name: str
    limit: float | None
    value: float | None
    kind: Kind
    ok: bool | None


@dataclass(frozen=True)
class BudgetReport:
    """All lines of one budget."""

    name: str
    lines: tuple[BudgetLine, ...]

    @property
    def ok(self) -> bool:
        """True when no line is broken."""
        return not any(line.ok is False for line in self.lines)


def load_budget(name: str, path: Path = BUDGETS_FILE) -> Limits:
    """The limits of a named budget.

    Raises UsageError for a name that the file does not have, DataError for a bad file.
    """
    tables = read_toml(path).get("budget", {})
    if name not in tables:
        known = ", ".join(sorted(tables)) or "none"
        raise UsageError(f"no budget {name!r} in {path.name}; known: {known}")
    values = {}
    for field in fields(Limits):
        value = tables[name].get(field.name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < 0:
            raise DataError(
                f"{path}: budget {name!r} needs {field.name} as a number of 0 or more, "
                f"found {value!r}"
            )
        values[field.name] = float(value)
    return Limits(**values)


def check_budget(name: str, limits: Limits, figures: dict[str, Figure]) -> BudgetReport:
    """One line for each limit; ``figures`` has values by the limits' names (absent: unknown)."""
    unexpected = figures.keys() - {field.name for field in fields(Limits)}
    if unexpected:
        raise ValueError(f"no such limits: {sorted(unexpected)}")
    lines = []
    for field in fields(Limits):
        limit: float | None = getattr(limits, field.name)
        if field.name == "flash_kib" and limit == 0.0:
            limit = None
        figure = figures.get(field.name, UNKNOWN)
        ok = None
        if figure.value is not None:
            ok = limit is None or figure.value <= limit
        lines.append(BudgetLine(field.name, limit, figure.value, figure.kind, ok))
    return BudgetReport(name, tuple(lines))

# SPDX-License-Identifier: Apache-2.0
"""Comparing a measurement with the limits of models/budgets.toml.

A line is ok, not ok, or unknown (no meter, no clock, no size report). Unknown lines neither
pass nor fail; a budget is met when no line is broken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

from host_tools.errors import DataError, UsageError
from host_tools.measure.toml_file import read_toml

BUDGETS_FILE = Path(__file__).parents[2] / "models" / "budgets.toml"

Kind = Literal["measured", "estimated", "exact", "unknown"]


@dataclass(frozen=True)
class Limits:
    """Upper limits of one budget; None, or a flash limit of 0, asks only that it is stated."""

    load_percent_of_core: float | None = None
    frame_time_p99_percent: float | None = None
    delay_ms: float | None = None
    power_mw: float | None = None
    state_kib: float | None = None
    stack_kib: float | None = None
    flash_kib: float | None = None


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


def parse_limits(texts: Sequence[str]) -> dict[str, float]:
    """Limits of the command line, each "NAME=VALUE". Raises UsageError."""
    known = [field.name for field in fields(Limits)]
    found: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if name not in known or not math.isfinite(number) or number < 0:
            raise UsageError(
                f"limit '{text}': write NAME=VALUE, the value 0 or more and the name one of "
                + ", ".join(known)
            )
        found[name] = number
    return found


def chosen_budget(name: str | None, changes: Mapping[str, float]) -> tuple[str, Limits] | None:
    """Name and limits of a budget with *changes* of the command line; None without either.

    Raises UsageError and DataError as ``load_budget`` does.
    """
    if name is None and not changes:
        return None
    limits = Limits() if name is None else load_budget(name)
    shown = name or "command line"
    if name is not None and changes:
        shown = f"{name}, changed: {', '.join(changes)}"
    return shown, replace(limits, **changes)


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

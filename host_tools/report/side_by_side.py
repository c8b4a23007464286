# SPDX-License-Identifier: Apache-2.0
"""Measurements of several devices as one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.measure.side_by_side import Outcome

_VERDICT_STYLE = {"pass": "green", "fail": "red", "void": "yellow"}


def print_outcomes(outcomes: Sequence[Outcome], console: Console) -> None:
    """One line a device; one that gave no result shows what it said last."""
    table = Table(title="Side by side")
    for name in ("device", "load, % of a core", "frame p99, us", "instructions", "power, mW", ""):
        table.add_column(name, justify="left" if name in ("device", "") else "right")
    for outcome in outcomes:
        if outcome.result is None:
            last = Text(outcome.complaint or f"exit code {outcome.exit_code}", style="red")
            table.add_row(outcome.device, "", "", "", "", last)
        else:
            table.add_row(outcome.device, *_figures(outcome.result))
    console.print(table)


def _figures(result: dict[str, Any]) -> list[Text]:
    load, power = result["load"], result["power"]
    p99, count = result["frame_time_us"]["p99"], result["instructions_per_frame"]
    verdict = "partial" if result["partial"] else result["verdict"]
    return [
        Text(_known(load["percent_of_core"], load["kind"], ".2f")),
        Text("" if p99 is None else f"{p99:.0f}"),
        Text("" if count is None else f"{count:,.0f}"),
        Text("" if power is None else _known(power["mw_above_idle"], power["kind"], ".1f")),
        Text(verdict, style=_VERDICT_STYLE.get(verdict, "yellow")),
    ]


def _known(value: float | None, kind: str, form: str) -> str:
    return "unknown" if value is None else f"{value:{form}} {kind}"

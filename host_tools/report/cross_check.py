# SPDX-License-Identifier: Apache-2.0
"""Distances between the forms of a model as a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.exchange.cross_check import CrossCheck

_WORDS = {True: ("ok", "green"), False: ("over", "red"), None: ("", "")}


def print_cross_check(check: CrossCheck, console: Console) -> None:
    """Each pair and output; then what was left out and the verdict."""
    table = Table(title=f"{check.model}: absolute differences over {check.frames} frames, 0 to 1")
    for name in ("forms", "output", "mean", "largest", "limit of the mean", ""):
        table.add_column(name, justify="left" if name in ("forms", "output", "") else "right")
    for distance in check.distances:
        word, style = _WORDS[distance.ok]
        table.add_row(
            f"{distance.first} - {distance.second}" if distance.output == "gain" else "",
            distance.output,
            f"{distance.mean:.2e}",
            f"{distance.largest:.2e}",
            "" if distance.limit is None else f"{distance.limit:g}",
            Text(word, style=style),
            end_section=distance.output == "voice",
        )
    console.print(table)
    for form, why in check.skipped.items():
        console.print(Text(f"left out: {form}: {why}", style="yellow"))
    judged = sum(distance.limit is not None for distance in check.distances)
    verdict = "ok" if check.ok else "over a limit"
    console.print(
        Text(
            f"{verdict}; {judged} of {len(check.distances)} distances have a limit in the card",
            style="bold green" if check.ok else "bold red",
        )
    )


def cross_check_dict(check: CrossCheck) -> dict[str, Any]:
    """The same for --json."""
    rows = [{**asdict(distance), "ok": distance.ok} for distance in check.distances]
    return {
        "model": check.model,
        "frames": check.frames,
        "ok": check.ok,
        "distances": rows,
        "skipped": check.skipped,
    }

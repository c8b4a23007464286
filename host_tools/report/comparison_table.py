# SPDX-License-Identifier: Apache-2.0
"""A comparison on a terminal and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from string import ascii_uppercase
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.report.comparison import Comparison, Difference, value_text
from host_tools.report.figures_of_run import ReadRun, Value
from host_tools.report.run_words import number, verdict_of

_DIGEST_LETTERS = 8


def print_comparison(found: Comparison, console: Console) -> None:
    """What is the same, which runs these are, what may not be trusted, then every figure."""
    _say(console, sameness_line(found))
    for letter, run in zip(letters(found), found.runs, strict=True):
        _say(console, f"{letter}: {_run_words(run)}")
    for letter, run in zip(letters(found), found.runs, strict=True):
        verdict = verdict_of(run.result)
        if verdict.state in ("void", "partial"):
            words = f"{letter} is {verdict.state}: {'; '.join(verdict.reasons)}"
            console.print(Text(words, style="bold yellow"), soft_wrap=True)
    console.print(_table(found))


def sameness_line(found: Comparison) -> str:
    """ "same: model, clip; DIFFERENT: device (host, ssh:pi)"."""
    same = [fact.name for fact in found.facts if fact.same]
    other = [
        f"{fact.name} ({', '.join(map(_short, fact.values))})"
        for fact in found.facts
        if not fact.same
    ]
    parts = [f"same: {', '.join(same)}"] if same else []
    parts += [f"DIFFERENT: {', '.join(other)}"] if other else []
    return "; ".join(parts)


def comparison_dict(found: Comparison) -> dict[str, Any]:
    """Plain lists and dictionaries for JSON."""
    return {
        "runs": [
            {
                "path": str(run.path),
                "created_utc": run.result.created_utc,
                "device": run.result.device,
                "model": run.result.model,
                "verdict": verdict_of(run.result).state,
            }
            for run in found.runs
        ],
        "facts": {
            fact.name: {"same": fact.same, "values": list(fact.values)} for fact in found.facts
        },
        "figures": [
            {
                "name": row.name.text,
                "unit": row.name.unit,
                "values": [None if value is None else asdict(value) for value in row.values],
                "differences": [asdict(each) for each in row.differences],
            }
            for row in found.rows
        ],
    }


def letters(found: Comparison) -> list[str]:
    """A, B, C ... for the runs; A1 after Z."""
    count = len(ascii_uppercase)
    return [
        ascii_uppercase[place % count] + (str(place // count) if place >= count else "")
        for place in range(len(found.runs))
    ]


def _table(found: Comparison) -> Table:
    table = Table(title="Figures; each run against A")
    table.add_column("figure")
    first, *others = letters(found)
    table.add_column(first, justify="right")
    for letter in others:
        table.add_column(letter, justify="right")
        table.add_column(f"{letter} against {first}", overflow="fold")
    for row in found.rows:
        cells: list[str | Text] = [_value_text(row.values[0])]
        for value, against in zip(row.values[1:], row.differences, strict=True):
            cells += [_value_text(value), _difference_text(against)]
        table.add_row(f"{row.name.text} {row.name.unit}".rstrip(), *cells)
    return table


def _value_text(found: Value | None) -> str:
    if found is None:
        return "unknown"
    text = value_text(found)
    if found.uncertainty is not None:
        text += f" ± {number(found.uncertainty)}"
    elif found.low is not None and found.high is not None:
        text += f" ({number(found.low)} to {number(found.high)})"
    return f"{text} est." if found.kind == "estimated" else text


def _difference_text(found: Difference) -> Text:
    words = found.words
    if found.seen is False and found.percent:
        words += f" ({'+' if found.percent > 0 else ''}{number(found.percent, 2)} %)"
    return Text(words, style="bold" if found.seen else "dim")


def _run_words(run: ReadRun) -> str:
    result = run.result
    return (
        f"{run.path}: {result.model} {result.model_digest[:_DIGEST_LETTERS]} on {result.device}, "
        f"{result.created_utc}, {verdict_of(result).state}"
    )


def _short(text: str) -> str:
    is_digest = len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)
    return text[:_DIGEST_LETTERS] if is_digest else text


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)

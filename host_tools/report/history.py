# SPDX-License-Identifier: Apache-2.0
"""A folder of kept runs over time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.errors import DataError
from host_tools.measure.result import MeasureResult
from host_tools.report.result_reader import RESULT_NAME, read_result
from host_tools.report.run_words import number, verdict_of

_DIGEST_LETTERS = 8


@dataclass(frozen=True)
class KeptResult:
    """A run's result and the name of its folder."""

    folder: str
    result: MeasureResult


@dataclass(frozen=True)
class History:
    """Runs in the order of time; one line for each folder that could not be read."""

    runs: tuple[KeptResult, ...]
    unreadable: tuple[str, ...]


def read_history(parent: Path, device: str = "", model: str = "") -> History:
    """All run folders in ``parent``.

    Keeps those whose device holds the text ``device``, and whose model is called ``model`` or has
    a digest that begins so. Raises DataError when ``parent`` is no folder of runs.
    """
    if (parent / RESULT_NAME).is_file():
        raise DataError(f"{parent}: is one run; give the folder that it lies in")
    try:
        folders = sorted(
            each for each in parent.iterdir() if each.is_dir() and not each.name.startswith(".")
        )
    except OSError as error:
        raise DataError(
            f"{parent}: cannot be read: {error.strerror or error}; give a folder of runs"
        ) from error
    runs, unreadable = [], []
    for folder in folders:
        try:
            result = read_result(folder)
        except DataError as error:
            unreadable.append(str(error))
            continue
        wanted = result.model == model or result.model_digest.startswith(model)
        if device in result.device and wanted:
            runs.append(KeptResult(folder.name, result))
    runs.sort(key=lambda run: (run.result.created_utc, run.folder))
    return History(tuple(runs), tuple(unreadable))


def print_history(history: History, console: Console) -> None:
    """A table of the runs, then a line for each folder that could not be read."""
    table = Table()
    for name in ("time (UTC)", "device", "model", "load %", "p99 us", "power mW", "verdict"):
        table.add_column(name, justify="right" if name.split()[-1] in ("%", "us", "mW") else "left")
    for run in history.runs:
        result = run.result
        table.add_row(
            result.created_utc.replace("T", " ").removesuffix("Z"),
            result.device,
            f"{result.model} {result.model_digest[:_DIGEST_LETTERS]}",
            _figure(result.load.percent_of_core, result.load.kind),
            _figure(result.frame_time_us.p99, "measured"),
            _power(result),
            verdict_of(result).state,
        )
    console.print(table if history.runs else "no runs")
    for line in history.unreadable:
        console.print(Text(f"not read: {line}", style="yellow"), soft_wrap=True)


def history_dict(history: History) -> dict[str, Any]:
    """Plain lists and dictionaries for JSON."""
    return {
        "runs": [
            {
                "folder": run.folder,
                "created_utc": run.result.created_utc,
                "device": run.result.device,
                "model": run.result.model,
                "model_digest": run.result.model_digest,
                "load_percent_of_core": run.result.load.percent_of_core,
                "load_kind": run.result.load.kind,
                "frame_time_p99_us": run.result.frame_time_us.p99,
                "power_mw": None if run.result.power is None else run.result.power.mw_above_idle,
                "power_kind": "unknown" if run.result.power is None else run.result.power.kind,
                "verdict": verdict_of(run.result).state,
            }
            for run in history.runs
        ],
        "unreadable": list(history.unreadable),
    }


def _power(result: MeasureResult) -> str:
    power = result.power
    if power is None or power.mw_above_idle is None:
        return "unknown"
    doubt = "" if power.uncertainty_mw is None else f" ± {number(power.uncertainty_mw, 2)}"
    return _figure(power.mw_above_idle, power.kind, doubt)


def _figure(value: float | None, kind: str, doubt: str = "") -> str:
    if value is None:
        return "unknown"
    return f"{number(value)}{doubt}" + (" est." if kind == "estimated" else "")

# SPDX-License-Identifier: Apache-2.0
"""The figures of one kept run by name, with their spread: what runs are compared by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.measure.budget import Kind
from host_tools.measure.cadences import pace_name
from host_tools.measure.pacing import Pacing
from host_tools.measure.result import MeasureResult
from host_tools.measure.statistics import distribution
from host_tools.report.frame_table import FrameRun, FrameTable, read_frames
from host_tools.report.metric_words import words_for
from host_tools.report.result_reader import read_result, result_path
from host_tools.report.run_reader import FRAMES_NAME

US = "\N{MICRO SIGN}s"


@dataclass(frozen=True)
class Name:
    """A figure: its words, its unit, and what a larger and a smaller value of it is called."""

    text: str
    unit: str
    more: str
    less: str
    is_ratio: bool = True
    """Whether a difference in percent means anything."""


@dataclass(frozen=True)
class Value:
    """``low`` to ``high`` is the range of repeats, None without; ``uncertainty`` is expanded."""

    value: float
    kind: Kind
    low: float | None = None
    high: float | None = None
    uncertainty: float | None = None


@dataclass(frozen=True)
class ReadRun:
    """A run as it is compared; frames only where frames.csv lies beside its result.json."""

    path: Path
    result: MeasureResult
    frames: FrameTable


def read_for_comparison(path: Path) -> ReadRun:
    """Read a run folder or result.json. Raises DataError with the file."""
    result = read_result(path)
    table = result_path(path).with_name(FRAMES_NAME)
    return ReadRun(path, result, read_frames(table) if table.is_file() else {})


def figures_of(runs: Sequence[ReadRun]) -> dict[Name, tuple[Value | None, ...]]:
    """All known figures in the order in which they are shown; None where a run lacks one."""
    found: dict[Name, tuple[Value | None, ...]] = {}
    for part in (_loads, _frame_times, _stages, _instructions, _power, _quality, _sizes):
        by_run = [dict(part(run)) for run in runs]
        for name in (name for each in by_run for name in each):
            found[name] = tuple(each.get(name) for each in by_run)
    return found


def _of_what(run: ReadRun) -> str:
    """LiteRT runs the network only: what is of it must not stand beside a whole frame."""
    return " of the network alone" if run.result.engine == "tflite" else ""


def _loads(run: ReadRun) -> Iterator[tuple[Name, Value]]:
    for entry in run.result.pacing:
        if (load := entry.load_percent) is not None:
            text = f"load{_of_what(run)}, {pace_name(entry.pace_ms)}"
            name = Name(text, "%", "slower", "faster")
            yield name, Value(load.median, "measured", load.low, load.high)
    only = run.result.load
    if not run.result.pacing and only.percent_of_core is not None:
        ends = (only.low_percent, only.high_percent) if only.kind == "measured" else (None, None)
        yield Name("load", "%", "slower", "faster"), Value(only.percent_of_core, only.kind, *ends)


def _frame_times(run: ReadRun) -> Iterator[tuple[Name, Value]]:
    for entry in run.result.pacing:
        runs = run.frames.get(entry.pace_ms, [])
        for percentile in ("p50", "p99"):
            text = f"frame time{_of_what(run)} {percentile}, {pace_name(entry.pace_ms)}"
            yield Name(text, US, "slower", "faster"), _percentile(entry, runs, percentile)
    if not run.result.pacing:
        for percentile in ("p50", "p99"):
            value = getattr(run.result.frame_time_us, percentile)
            if value is not None:
                name = Name(f"frame time {percentile}", US, "slower", "faster")
                yield name, Value(value, "measured")


def _percentile(entry: Pacing, runs: list[FrameRun], percentile: str) -> Value:
    """Over all frames, with the range of the same percentile of each run."""
    value = float(getattr(entry.frame_time_us, percentile))
    each = [float(getattr(distribution(run.time_us), percentile)) for run in runs]
    if len(each) < 2:
        return Value(value, "measured")
    return Value(value, "measured", min(each), max(each))


def _stages(run: ReadRun) -> Iterator[tuple[Name, Value]]:
    for stage, value in run.result.stages.items():
        if run.result.stages_unit == "nanoseconds":
            name = Name(f"stage {stage}", US, "slower", "faster")
            yield name, Value(value / 1e3, "measured")
        else:
            yield Name(f"stage {stage}", "instructions", "more", "fewer"), Value(value, "exact")


def _instructions(run: ReadRun) -> Iterator[tuple[Name, Value]]:
    counts = run.result.instructions
    if counts is None:
        return
    for text, value in (
        (f"instructions a frame{_of_what(run)}", counts.mean),
        (f"instructions a frame{_of_what(run)}, max", counts.max),
        ("instructions in matrix products", counts.network_matrix),
    ):
        if value is not None:
            yield Name(text, "", "more", "fewer"), Value(value, "exact")


def _power(run: ReadRun) -> Iterator[tuple[Name, Value]]:
    power = run.result.power
    if power is not None and power.mw_above_idle is not None:
        value = Value(power.mw_above_idle, power.kind, uncertainty=power.uncertainty_mw)
        yield Name("power above idle", "mW", "more", "less"), value


def _quality(run: ReadRun) -> Iterator[tuple[Name, Value]]:
    for metric, found in run.result.quality.items():
        if found.after is not None:
            words = words_for(metric)
            name = Name(f"quality {words.label}", words.unit, "higher", "lower", is_ratio=False)
            yield name, Value(found.after, "exact")


def _sizes(run: ReadRun) -> Iterator[tuple[Name, Value]]:
    sizes = run.result.sizes
    for text, size in (
        ("state of one channel", sizes.state_bytes),
        ("deepest stack", sizes.stack_bytes),
        ("code, tables and model", sizes.flash_bytes),
    ):
        if size is not None:
            yield Name(text, "KiB", "larger", "smaller"), Value(size / 1024, "exact")

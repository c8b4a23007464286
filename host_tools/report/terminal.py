# SPDX-License-Identifier: Apache-2.0
"""A measurement as tables on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools.measure.result import MeasureResult
from host_tools.report.terminal_timing import cadence_table, cost_line, power_lines

_VERDICT_STYLE = {"pass": "bold green", "fail": "bold red", "void": "bold yellow"}
_LINE_WORD = {True: ("ok", "green"), False: ("over", "red"), None: ("unknown", "yellow")}


def print_result(result: MeasureResult, console: Console) -> None:
    """Show identity, figures, rules, budget and verdict, in this order."""
    console.print(_facts(result))
    if result.pacing:
        console.print(cadence_table(result))
    if result.stages:
        console.print(_stages(result))
    if result.load_estimates:
        console.print(_estimates(result))
    if result.quality:
        console.print(_quality(result))
    if result.budget is not None:
        console.print(_budget(result))
    if cost := cost_line(result):
        console.print(Text(cost, style="dim"))
    for note in result.notes:
        console.print(Text(f"note: {note}", style="dim"))
    for rule in result.validity:
        if not rule.ok:
            console.print(Text(f"void: {rule.name}: {rule.evidence}", style="bold yellow"))
    if result.partial:
        console.print(Text("partial: it was interrupted; only what was finished is shown"))
    console.print(Text(_verdict(result), style=_VERDICT_STYLE[result.verdict]))


def _verdict(result: MeasureResult) -> str:
    unknown = (
        [line.name for line in result.budget.lines if line.ok is None] if result.budget else []
    )
    if not unknown or result.verdict == "void":
        return f"verdict: {result.verdict}"
    return f"verdict: {result.verdict}; not compared, because unknown: {', '.join(unknown)}"


def load_text(result: MeasureResult) -> str:
    """One line on the load, the word measured or estimated always in it."""
    load = result.load
    if load.percent_of_core is None or load.low_percent is None or load.high_percent is None:
        return f"unknown: {load.method}"
    if load.kind == "measured":
        spread = f"median; repeats {load.low_percent:.2f} to {load.high_percent:.2f} %"
    else:
        spread = f"upper bound; lower bound {load.low_percent:.2f} %"
    return f"{load.percent_of_core:.2f} % of one core, {load.kind} ({spread}), {load.core}"


def _facts(result: MeasureResult) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="cyan")
    table.add_column(overflow="fold")
    same = "same as the host" if result.output_matches_host else "DIFFERENT from the host"
    if result.engine == "tflite":
        same = "of LiteRT's answers, bits not comparable"
    table.add_row("output digest", f"{result.output_digest} ({same})")
    table.add_row("device", f"{result.device}: {result.cpu}, kernel {result.kernel}")
    for name, value in result.facts.items():
        table.add_row("", Text(f"{name.replace('_', ' ')}: {value}", style="dim"))
    table.add_row("model", f"{result.model} {result.model_digest}")
    table.add_row("clip", f"{result.clip}, {result.frames} frames of 10 ms")
    if result.instructions is not None:
        count = result.instructions
        table.add_row(
            "instructions",
            f"{count.mean:,.0f} a frame (p50 {count.p50:,.0f}, p95 {count.p95:,.0f}, "
            f"p99 {count.p99:,.0f}, max {count.max:,.0f}), exact",
        )
        if count.network_matrix is not None and count.everything_but_matrix is not None:
            table.add_row(
                "",
                f"{count.network_matrix:,.0f} in matrix products, "
                f"{count.everything_but_matrix:,.0f} in everything else",
            )
    table.add_row("load", load_text(result))
    if result.frame_time_us.p50 is not None:
        time = result.frame_time_us
        table.add_row(
            "frame time",
            f"p50 {time.p50:.0f}, p95 {time.p95:.0f}, p99 {time.p99:.0f}, max {time.max:.0f} us, "
            f"measured; {result.deadline_misses} frames over their period",
        )
    if result.power is not None:
        for number, line in enumerate(power_lines(result.power)):
            table.add_row("" if number else "power", line)
    table.add_row("memory", _sizes(result))
    return table


def _sizes(result: MeasureResult) -> str:
    sizes = result.sizes
    words = []
    for name, value in (
        ("state", sizes.state_bytes),
        ("stack", sizes.stack_bytes),
        ("flash", sizes.flash_bytes),
        ("of it model", sizes.model_bytes),
    ):
        words.append(f"{name} {'unknown' if value is None else f'{value / 1024:,.1f} KiB'}")
    return ", ".join(words)


def _stages(result: MeasureResult) -> Table:
    table = Table(title=f"Stages, {result.stages_unit} per 10 ms frame")
    table.add_column("stage")
    table.add_column("per frame", justify="right")
    table.add_column("share", justify="right")
    total = sum(result.stages.values())
    for name, value in result.stages.items():
        table.add_row(name, f"{value:,.0f}", f"{100 * value / total:.1f} %" if total else "")
        if name == "network" and result.instructions is not None:
            for part, count in (
                ("  matrix products", result.instructions.network_matrix),
                ("  the rest", result.instructions.network_other),
            ):
                if count is not None:
                    share = f"{100 * count / total:.1f} %"
                    table.add_row(part, f"{count:,.0f}", share, style="dim")
    table.add_row("all", f"{total:,.0f}", "100.0 %", style="bold")
    return table


def _estimates(result: MeasureResult) -> Table:
    table = Table(title="Estimated load (not measured), percent of one core")
    for name in ("core", "compute", "memory", "load"):
        table.add_column(name, justify="left" if name == "core" else "right")
    for estimate in result.load_estimates:
        table.add_row(
            estimate.title,
            f"{estimate.compute_percent:.1f}",
            f"{estimate.memory_percent:.1f}",
            f"{estimate.low_percent:.1f} to {estimate.high_percent:.1f}",
        )
    return table


def _quality(result: MeasureResult) -> Table:
    table = Table(title="Quality against the clean reference")
    for name in ("metric", "noisy", "enhanced", "gain"):
        table.add_column(name, justify="left" if name == "metric" else "right")
    for name, metric in result.quality.items():
        values = (metric.before, metric.after, metric.gain)
        table.add_row(name, *("unknown" if v is None else f"{v:.2f}" for v in values))
    return table


def _budget(result: MeasureResult) -> Table:
    assert result.budget is not None
    table = Table(title=f"Budget {result.budget.name!r}")
    for name in ("limit of", "at most", "found", "margin", "how known", ""):
        table.add_column(
            name, justify="right" if name in ("at most", "found", "margin") else "left"
        )
    for line in result.budget.lines:
        word, style = _LINE_WORD[line.ok]
        table.add_row(
            line.name,
            "stated" if line.limit is None else f"{line.limit:g}",
            "-" if line.value is None else f"{line.value:,.2f}",
            _margin(line.limit, line.value),
            line.kind,
            Text(word, style=style),
        )
    return table


def _margin(limit: float | None, value: float | None) -> str:
    """What is left of the limit, in percent of it; negative when it is over."""
    if not limit or value is None:
        return ""
    return f"{100 * (limit - value) / limit:+.0f} %"

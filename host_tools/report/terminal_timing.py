# SPDX-License-Identifier: Apache-2.0
"""Cadences and power of a measurement on a terminal."""

from __future__ import annotations

from rich.table import Table

from host_tools.measure.cadences import pace_name
from host_tools.measure.pacing import Pacing
from host_tools.measure.power_result import Power
from host_tools.measure.result import MeasureResult
from host_tools.report.run_words import number, with_unit

_COLUMNS = (
    *("cadence", "load %", "low to high"),
    *("frame p50", "p99", "max us", "late"),
    *("woke p50", "p99 us", "drift us"),
)


def cadence_table(result: MeasureResult) -> Table:
    """Load, frame times and wake-ups at each cadence, all measured."""
    table = Table(title="Cadences, measured: percent of one core, microseconds a frame")
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name == "cadence" else "right")
    for entry in result.pacing:
        table.add_row(*_cadence_cells(entry))
    return table


def cost_line(result: MeasureResult) -> str:
    """What measuring itself cost; "" where nobody knows."""
    parts = []
    if result.stage_cost_us is not None:
        parts.append(f"timing the stages {number(result.stage_cost_us, 2)} us a frame")
    for entry in result.pacing:
        if entry.overhead_us_per_frame is not None:
            parts.append(
                f"the agent beside the library {number(entry.overhead_us_per_frame, 2)} us a frame"
            )
    return f"measuring cost: {', '.join(parts)}" if parts else ""


def power_lines(power: Power) -> list[str]:
    """Power above idle with its uncertainty, the word measured or estimated always in it."""
    if power.mw_above_idle is None:
        return [f"unknown: {power.method}"]
    doubt = "" if power.uncertainty_mw is None else f" ± {number(power.uncertainty_mw, 2)}"
    known = "measured by" if power.kind == "measured" else f"{power.kind}, replayed from"
    lines = [
        f"{number(power.mw_above_idle)} mW above idle{doubt} ({known} {power.meter})",
        f"{with_unit(power.uj_per_frame, 'uJ')} a frame, "
        f"{with_unit(power.mj_per_audio_s, 'mJ')} a second of audio; "
        f"idle {with_unit(power.idle_mw, 'mW')}, load {with_unit(power.load_mw, 'mW')}, "
        f"drift {with_unit(power.drift_mw, 'mW')}; {power.measures}",
    ]
    parts = power.uncertainty_parts_mw
    if parts:
        named = ", ".join(f"{name} {number(value, 2)}" for name, value in parts.items())
        lines.append(f"standard uncertainties in mW: {named}")
    return lines


def _cadence_cells(entry: Pacing) -> list[str]:
    load, times, woke = entry.load_percent, entry.frame_time_us, entry.wake_up_us
    loads = ["unknown", ""]
    if load is not None:
        loads = [number(load.median), f"{number(load.low)} to {number(load.high)}"]
    wake_ups = ["", "", ""]
    if woke is not None and entry.drift_us is not None:
        wake_ups = [number(woke.p50), number(woke.p99), number(entry.drift_us)]
    return [
        pace_name(entry.pace_ms),
        *loads,
        number(times.p50),
        number(times.p99),
        number(times.max),
        f"{entry.deadline_misses:,}",
        *wake_ups,
    ]

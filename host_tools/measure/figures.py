# SPDX-License-Identifier: Apache-2.0
"""Turning runs into the figures of a result: load, frame time, instructions, budget values."""

from __future__ import annotations

from dataclasses import dataclass, field

from host_tools.measure.board_counts import BoardCounts
from host_tools.measure.budget import Figure, Kind
from host_tools.measure.cadences import pace_name
from host_tools.measure.counts import InstructionCounts
from host_tools.measure.estimate import LoadEstimate
from host_tools.measure.pacing import Pacing
from host_tools.measure.power_result import Power
from host_tools.measure.power_session import PowerRun
from host_tools.measure.result import FrameTime, Instructions, Load, Sizes
from host_tools.measure.runs import Output
from host_tools.measure.timed import TimedRun
from host_tools.measure.validity import Rule

FRAME_PERIOD_US = 10_000.0
TOP_FUNCTIONS = 20
NO_FRAME_TIME = FrameTime(None, None, None, None)


@dataclass(frozen=True)
class Figures:
    """What the runs on the device gave; which parts are known depends on the device."""

    output: Output
    load: Load
    rules: list[Rule]
    frame_time: FrameTime = NO_FRAME_TIME
    late_frames: int | None = None
    instructions: Instructions | None = None
    stages: dict[str, float] = field(default_factory=dict)
    headline: LoadEstimate | None = None
    estimates: list[LoadEstimate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    timed: TimedRun | None = None
    power: PowerRun | None = None
    facts: dict[str, str] = field(default_factory=dict)
    device: str | None = None
    target: str | None = None

    @property
    def pacings(self) -> tuple[Pacing, ...]:
        """Figures of each cadence; none without a real clock."""
        return () if self.timed is None else self.timed.pacings


def measured_load(run: TimedRun) -> Load:
    """Median CPU time over audio time of the headline's repeats; unknown without a CPU clock."""
    cpu = run.identity.cpu_name
    if run.headline is None or run.headline.load_percent is None:
        return unknown_load(cpu, "the device has no clock of CPU time")
    spread = run.headline.load_percent
    method = (
        f"CPU time of the agent's thread over audio time, {pace_name(run.headline.pace_ms)}, "
        f"median of {spread.count} runs of {run.frames / 100:.2f} s, half spread "
        f"{spread.spread_percent:.1f} % of the median"
    )
    return Load(spread.median, "measured", cpu, method, spread.low, spread.high)


def estimated_load(estimate: LoadEstimate) -> Load:
    """The upper bound of an estimate, as the headline."""
    return Load(
        estimate.high_percent,
        "estimated",
        estimate.title,
        estimate.method,
        estimate.low_percent,
        estimate.high_percent,
    )


def unknown_load(core: str, why: str) -> Load:
    """No load, and the reason."""
    return Load(None, "unknown", core, why, None, None)


def measured_frame_time(run: TimedRun) -> FrameTime:
    """Percentiles over all frames of the headline's repeats."""
    if run.headline is None:
        return NO_FRAME_TIME
    times = run.headline.frame_time_us
    return FrameTime(times.p50, times.p95, times.p99, times.max)


def instruction_figures(counts: InstructionCounts) -> Instructions:
    """The counts as result.json holds them, rounded to a tenth of an instruction."""
    spread = counts.distribution
    busiest = list(counts.symbols.items())[:TOP_FUNCTIONS]
    return Instructions(
        mean=round(counts.per_frame, 1),
        p50=spread.p50,
        p95=spread.p95,
        p99=spread.p99,
        max=spread.max,
        frames=counts.frames,
        warmup_frames=counts.warmup_frames,
        network_matrix=round(counts.network_matrix, 1),
        network_other=round(counts.network_other, 1),
        everything_but_matrix=round(counts.everything_but_matrix, 1),
        overhead_not_counted=round(counts.overhead_per_frame, 1),
        top_functions={name: round(count, 1) for name, count in busiest},
    )


def counter_figures(counts: BoardCounts) -> Instructions:
    """The same from a board's own counter, which knows no functions."""
    spread = counts.distribution
    return Instructions(
        mean=round(counts.per_frame, 1),
        p50=spread.p50,
        p95=spread.p95,
        p99=spread.p99,
        max=spread.max,
        frames=counts.frames,
        warmup_frames=counts.warmup_frames,
        network_matrix=None,
        network_other=None,
        everything_but_matrix=None,
        overhead_not_counted=None,
        top_functions={},
    )


def budget_figures(
    load: Load,
    frame_time: FrameTime,
    headline: LoadEstimate | None,
    sizes: Sizes,
    delay_ms: float,
    power: Power | None,
) -> dict[str, Figure]:
    """Values for the lines of a budget; power is unknown without a meter."""
    p99, p99_kind = frame_time.p99, "measured"
    if p99 is None and headline is not None:
        p99, p99_kind = headline.frame_time_p99_us, "estimated"
    values: dict[str, tuple[float | None, str]] = {
        "load_percent_of_core": (load.percent_of_core, load.kind),
        "frame_time_p99_percent": (
            None if p99 is None else 100.0 * p99 / FRAME_PERIOD_US,
            p99_kind,
        ),
        "delay_ms": (delay_ms, "exact"),
        "power_mw": (power.mw_above_idle, power.kind) if power is not None else (None, "unknown"),
        "state_kib": (_kib(sizes.state_bytes), "exact"),
        "stack_kib": (_kib(sizes.stack_bytes), "measured"),
        "flash_kib": (_kib(sizes.flash_bytes), "exact"),
    }
    return {name: _figure(value, kind) for name, (value, kind) in values.items()}


def _kib(size: int | None) -> float | None:
    return None if size is None else size / 1024.0


def _figure(value: float | None, kind: str) -> Figure:
    kinds: dict[str, Kind] = {
        "measured": "measured",
        "estimated": "estimated",
        "exact": "exact",
    }
    return Figure(None, "unknown") if value is None else Figure(value, kinds[kind])

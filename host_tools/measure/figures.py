# SPDX-License-Identifier: Apache-2.0
"""Turning runs into the figures of a result: load, frame time, instructions, budget values."""

from __future__ import annotations

from host_tools.measure.board_counts import BoardCounts
from host_tools.measure.budget import Figure, Kind
from host_tools.measure.counts import InstructionCounts
from host_tools.measure.estimate import LoadEstimate
from host_tools.measure.result import FrameTime, Instructions, Load, Sizes
from host_tools.measure.runs import TimedRun
from host_tools.measure.statistics import distribution, repeats

FRAME_PERIOD_US = 10_000.0
TOP_FUNCTIONS = 20
NO_FRAME_TIME = FrameTime(None, None, None, None)


def measured_load(run: TimedRun) -> Load:
    """Median CPU time over audio time of the repeats; unknown without a CPU clock."""
    cpu = run.identity.cpu_name
    if not run.load_percent:
        return unknown_load(cpu, "the device has no clock of CPU time")
    spread = repeats(run.load_percent)
    method = (
        f"CPU time of the agent's thread over audio time, unpaced, median of {spread.count} runs "
        f"of {run.frames / 100:.2f} s, half spread {spread.spread_percent:.1f} % of the median"
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
    """Percentiles over all frames of all repeats."""
    times = distribution(run.frame_times_us)
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
        "power_mw": (None, "unknown"),
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

# SPDX-License-Identifier: Apache-2.0
"""Runs at one cadence, repeated, as figures: load, frame times, wake-ups, clocks of the cores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.devices.base import RunResult
from host_tools.measure.statistics import Distribution, Repeats, distribution, outliers, repeats

NS_PER_MS = 1e6
HISTOGRAM_BINS = 40


@dataclass(frozen=True)
class Histogram:
    """``counts[i]`` frames took ``edges_us[i]`` to ``edges_us[i + 1]``; logarithmic edges."""

    edges_us: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Pacing:
    """What repeated runs at one cadence showed.

    ``pace_ms`` 0: frames followed each other at once; 10 or 20: so many ms of audio were handed
    out every so many ms. ``load_percent`` is CPU time of the agent's thread over audio time, None
    without a CPU clock; ``load_outliers`` repeats lie more than three scaled median deviations
    from its median (they stay in all figures). ``wake_up_us``: from when a period was due until
    the agent began it, ``drift_us`` how much later the last tenth of them was than the first
    (medians); None unpaced. ``frequency_shares``: by policy, then by MHz, shares of the time
    (0 to 1) that the clocks had; empty where the device does not tell.
    ``overhead_us_per_frame`` is what the agent spent beside the library: reading clocks, telling
    progress; None when paced.
    """

    pace_ms: int
    load_percent: Repeats | None
    load_outliers: int
    frame_time_us: Distribution
    histogram: Histogram
    deadline_misses: int
    wake_up_us: Distribution | None
    drift_us: float | None
    frequency_shares: dict[str, dict[str, float]]
    overhead_us_per_frame: float | None


def pacing(runs: list[RunResult], time_in_state_ms: dict[str, dict[int, int]]) -> Pacing:
    """Figures of one or more runs at one cadence; the times are by policy, then by kHz."""
    pace_ms = runs[0].pace_ms
    frame_times_us = np.concatenate([run.frame_times_ns for run in runs]) / 1e3
    loads = [100.0 * run.cpu_ns / (run.frames * 1e7) for run in runs if run.cpu_ns is not None]
    wake_ups = [wake_ups_us(run) for run in runs if run.wake_ups_ns is not None]
    return Pacing(
        pace_ms=pace_ms,
        load_percent=repeats(loads) if loads else None,
        load_outliers=outliers(loads),
        frame_time_us=distribution(frame_times_us),
        histogram=histogram(frame_times_us),
        deadline_misses=sum(late_calls(run) for run in runs),
        wake_up_us=distribution(np.concatenate(wake_ups)) if wake_ups else None,
        drift_us=max(map(_drift_us, wake_ups), key=abs) if wake_ups else None,
        frequency_shares={
            name: _shares(times) for name, times in time_in_state_ms.items() if times
        },
        overhead_us_per_frame=None if pace_ms else float(np.median([*map(_overhead_us, runs)])),
    )


def late_calls(run: RunResult) -> int:
    """Library calls that were not done within their period."""
    if run.pace_ms:
        return run.deadline_misses
    period_ns = 10 * NS_PER_MS * run.frames_per_call
    return int(np.sum(run.call_times_ns > period_ns))


def wake_ups_us(run: RunResult) -> NDArray[np.float64]:
    """One value a period: a period's second frame waits for the first, not for the clock."""
    assert run.wake_ups_ns is not None
    calls_per_period = max(1, run.pace_ms // (10 * run.frames_per_call))
    return run.wake_ups_ns[::calls_per_period].astype(np.float64) / 1e3


def histogram(frame_times_us: NDArray[np.float64]) -> Histogram:
    """Frames by their time, in bins of equal width on a logarithmic scale."""
    low, high = max(float(frame_times_us.min()), 0.1), max(float(frame_times_us.max()), 0.2)
    edges = np.geomspace(low * 0.999, max(high, low * 1.01) * 1.001, HISTOGRAM_BINS + 1)
    counts, _ = np.histogram(np.maximum(frame_times_us, low), edges)
    return Histogram(tuple(edges.round(3).tolist()), tuple(counts.tolist()))


def _overhead_us(run: RunResult) -> float:
    return (run.wall_ns - float(run.call_times_ns.astype(np.float64).sum())) / run.frames / 1e3


def _drift_us(wake_ups: NDArray[np.float64]) -> float:
    part = max(1, len(wake_ups) // 10)
    return float(np.median(wake_ups[-part:]) - np.median(wake_ups[:part]))


def _shares(times_ms: dict[int, int]) -> dict[str, float]:
    total = sum(times_ms.values())
    return {
        f"{khz / 1000:g}": round(ms / total, 4) for khz, ms in sorted(times_ms.items()) if ms > 0
    }

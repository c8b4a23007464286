# SPDX-License-Identifier: Apache-2.0
"""Instructions and cycles per frame as a board's own counters give them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host_tools.devices.base import STAGES, RunResult
from host_tools.errors import MeasurementInvalid
from host_tools.measure.statistics import Distribution, distribution


@dataclass(frozen=True)
class BoardCounts:
    """Per 10 ms frame, the warm-up left out; what reading the counters takes is counted with it.

    ``distribution`` is of instructions by frame; ``stages`` are means by stage. ``cycles`` is the
    mean of core cycles, ``core_mhz`` their number over the time of the same calls.
    """

    frames: int
    warmup_frames: int
    per_frame: float
    distribution: Distribution
    stages: dict[str, float]
    cycles: float
    core_mhz: float


def board_counts(run: RunResult, warmup_calls: int) -> BoardCounts:
    """Figures of a run with counters. Raises MeasurementInvalid when they count nothing."""
    if run.call_counts is None or len(run.call_counts) <= warmup_calls:
        raise MeasurementInvalid(f"no counts of more than {warmup_calls} calls: use a longer clip")
    calls = run.call_counts[warmup_calls:].astype(np.float64)
    if not calls[:, 0].all():
        raise MeasurementInvalid("the board's instruction counter stands still")
    warmup = warmup_calls * run.frames_per_call
    frames = run.frames - warmup
    stages: dict[str, float] = {}
    if run.stage_counts is not None:
        sums = run.stage_counts[warmup_calls:, :, 0].astype(np.float64).sum(axis=0)
        stages = {name: float(count) / frames for name, count in zip(STAGES, sums, strict=True)}
    time_ns = run.call_times_ns[warmup_calls:].astype(np.float64).sum()
    return BoardCounts(
        frames=frames,
        warmup_frames=warmup,
        per_frame=float(calls[:, 0].sum()) / frames,
        distribution=distribution(calls[:, 0] / run.frames_per_call),
        stages=stages,
        cycles=float(calls[:, 1].sum()) / frames,
        core_mhz=1e3 * float(calls[:, 1].sum()) / time_ns if time_ns else 0.0,
    )

# SPDX-License-Identifier: Apache-2.0
"""A clip on a device with a real clock: warm-up, each cadence, a run with stage times."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from host_tools.devices.base import STAGES, Device, RunResult, Samples, Settings, pcm_digest
from host_tools.measure.board_counts import BoardCounts, board_counts
from host_tools.measure.cadences import UNPACED, Cadences, run_cadences
from host_tools.measure.pacing import Pacing, pacing
from host_tools.measure.phone_simpleperf import count_while, counts_note
from host_tools.measure.runs import WARMUP_CALLS, Output, Plan, Progress, named, padded, trimmed


@dataclass(frozen=True)
class TimedRun(Output):
    """Repeated runs on a device with a real clock.

    ``headline`` are the runs that the load is told from: paced 10 ms where the device was run so,
    else the first cadence. ``stage_times_ns`` are means per frame, from an unpaced run of its
    own, which took ``stage_cost_us`` a frame longer than others (None: it was not made).
    ``counts`` are of the last unpaced run, None without counters. ``phone_counts`` tells people
    what a phone's simpleperf counted in the run with stage times, or why it did not.
    """

    cadences: Cadences = field(default_factory=Cadences)
    pacings: tuple[Pacing, ...] = ()
    headline: Pacing | None = None
    stage_times_ns: dict[str, float] = field(default_factory=dict)
    stage_cost_us: float | None = None
    counts: BoardCounts | None = None
    phone_counts: str | None = None


def time_on_device(device: Device, pcm: Samples, plan: Plan, progress: Progress) -> TimedRun:
    """All timed runs of a measurement. Ctrl-C ends them; what is finished is kept.

    The cadences are those of the plan that the device can keep.
    """
    audio = padded(pcm, plan)
    identity = device.identify()
    _show_transfers(device, progress)
    device.configure(Settings(kernel=plan.kernel, mode=plan.mode))
    device.run(audio, progress=named(progress, "warm-up"))
    paces_ms = possible_paces(plan, identity.can_pace)
    found = run_cadences(device, audio, paces_ms, plan.repeats, lambda word: named(progress, word))
    pacings = tuple(
        pacing(runs, found.time_in_state_ms.get(pace_ms, {}))
        for pace_ms, runs in found.runs.items()
    )
    unpaced = found.runs.get(UNPACED, [])
    usual_s = np.median([run.wall_ns for run in unpaced]) / 1e9 if unpaced else 0.0
    staged, phone_counts = None, None
    if not found.interrupted:
        staged, phone_counts = _staged_run(device, audio, plan, usual_s, progress)
    runs = [*found.all_runs, *([staged] if staged is not None else [])]
    outputs = [trimmed(run, len(pcm)) for run in runs]
    counted = identity.has_counters and unpaced
    return TimedRun(
        identity=identity,
        kernel=runs[0].kernel,
        frames=runs[0].frames,
        enhanced=outputs[0],
        digests=[pcm_digest(output) for output in outputs],
        cadences=found,
        pacings=pacings,
        headline=next((entry for entry in pacings if entry.pace_ms == 10), pacings[0]),
        stage_times_ns={} if staged is None else _stage_means_ns(staged),
        stage_cost_us=_stage_cost_us(staged, unpaced),
        counts=board_counts(unpaced[-1], WARMUP_CALLS) if counted else None,
        phone_counts=phone_counts,
    )


def possible_paces(plan: Plan, can_pace: bool) -> tuple[int, ...]:
    """The plan's cadences that a device keeps: packets come every 20 ms only."""
    if not can_pace:
        return (UNPACED,)
    return tuple(pace for pace in plan.paces_ms if not (pace == 10 and plan.mode == "packet"))


def _staged_run(
    device: Device, audio: Samples, plan: Plan, usual_s: float, progress: Progress
) -> tuple[RunResult | None, str | None]:
    """The run with stage times, and what a phone's simpleperf counted in about *usual_s* of it."""
    device.configure(Settings(kernel=plan.kernel, mode=plan.mode, stage_times=True))

    def work() -> RunResult:
        return device.run(audio, progress=named(progress, "stage times"))

    try:
        if device.phone_shell is None or not usual_s:
            return work(), None
        run, counts, reason = count_while(device.phone_shell, device.agent_process, usual_s, work)
    except KeyboardInterrupt:
        return None, None
    return run, counts_note(counts, reason, (run.cpu_ns or 0) / run.frames)


def _stage_means_ns(staged: RunResult) -> dict[str, float]:
    if staged.stage_times_ns is None:
        return {}
    sums = staged.stage_times_ns.astype(np.float64).sum(axis=0)
    return {name: float(ns) / staged.frames for name, ns in zip(STAGES, sums, strict=True)}


def _stage_cost_us(staged: RunResult | None, unpaced: list[RunResult]) -> float | None:
    """How much longer a frame took in the median when stages were timed."""
    if staged is None or not unpaced:
        return None
    plain = np.median(np.concatenate([run.frame_times_ns for run in unpaced]))
    return float(np.median(staged.frame_times_ns) - plain) / 1e3


def _show_transfers(device: Device, progress: Progress) -> None:
    """Let slow links show how far audio has come, with the seconds that it takes at least."""
    rate = device.link_bytes_per_s
    if rate is None:
        return

    def show(direction: str, done: int, size: int) -> None:
        progress(f"{direction} {size / 1e6:.1f} MB, {size / rate:.0f} s", done, size)

    device.on_transfer = show

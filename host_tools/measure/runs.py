# SPDX-License-Identifier: Apache-2.0
"""The runs behind a measurement: reference on the host, timed runs, a counted run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.devices import open_device
from host_tools.devices.base import (
    DELAY_SAMPLES,
    FRAME_SAMPLES,
    STAGES,
    Device,
    FrameMode,
    Identity,
    RunResult,
    Samples,
    Settings,
    pad_to_frames,
    pcm_digest,
)
from host_tools.measure.board_counts import BoardCounts, board_counts
from host_tools.measure.counts import InstructionCounts, read_counts
from host_tools.measure.plugin import build_plugin, plugin_arguments

Progress = Callable[[str, int, int], None]
"""Called with (what runs, steps done, steps in all)."""

WARMUP_CALLS = 50
"""Library calls left out of instruction counts: history buffers fill, code gets translated."""


@dataclass(frozen=True)
class Plan:
    """How to run: ``kernel`` "auto" or a name; ``mode`` "packet" gives two frames a call."""

    kernel: str = "auto"
    mode: FrameMode = "frame"
    repeats: int = 5

    @property
    def frames_per_call(self) -> int:
        return 2 if self.mode == "packet" else 1


@dataclass(frozen=True)
class Output:
    """What one device made of the clip, delay removed, and who it was."""

    identity: Identity
    kernel: str
    frames: int
    enhanced: Samples
    digests: list[str]


@dataclass(frozen=True)
class TimedRun(Output):
    """Repeated runs on a device with a real clock.

    ``load_percent`` has one value a repeat, empty without a CPU clock; ``frame_times_us`` all
    frames of all repeats; ``stage_times_ns`` means per frame, from a run of its own. ``counts`` are
    of the last repeat, None without counters.
    """

    load_percent: list[float] = field(default_factory=list)
    frame_times_us: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    late_frames: int = 0
    stage_times_ns: dict[str, float] = field(default_factory=dict)
    counts: BoardCounts | None = None


@dataclass(frozen=True)
class BoardRun(Output):
    """One run on an emulated board; ``counts`` None where it cannot count."""

    counts: BoardCounts | None
    expected_frames: int


@dataclass(frozen=True)
class CountedRun(Output):
    """One run under an emulator that counts instructions."""

    counts: InstructionCounts
    expected_frames: int


def padded(pcm: Samples, plan: Plan) -> Samples:
    """The clip with the zeros that flush the delay, whole library calls long."""
    whole = pad_to_frames(pcm, flush=True)
    missing = -(len(whole) // FRAME_SAMPLES) % plan.frames_per_call
    return np.concatenate([whole, np.zeros(missing * FRAME_SAMPLES, dtype=np.int16)])


def trimmed(run: RunResult, samples: int) -> Samples:
    """Output with the delay removed, of the clip's length."""
    return run.pcm[DELAY_SAMPLES : DELAY_SAMPLES + samples]


def single_run(
    device: Device, pcm: Samples, plan: Plan, progress: Progress, what: str = "run"
) -> Output:
    """The clip once, neither timed nor counted."""
    device.configure(Settings(kernel=plan.kernel, mode=plan.mode))
    run = device.run(padded(pcm, plan), progress=_named(progress, what))
    enhanced = trimmed(run, len(pcm))
    return Output(device.identify(), run.kernel, run.frames, enhanced, [pcm_digest(enhanced)])


def reference_run(host: Device, pcm: Samples, plan: Plan, progress: Progress) -> Output:
    """The clip through the scalar kernel, which defines every bit."""
    return single_run(host, pcm, replace(plan, kernel="scalar"), progress, "host reference")


def time_on_device(device: Device, pcm: Samples, plan: Plan, progress: Progress) -> TimedRun:
    """One warm-up run, ``plan.repeats`` timed runs, one run with stage times."""
    audio = padded(pcm, plan)
    identity = device.identify()
    settings = Settings(kernel=plan.kernel, mode=plan.mode)
    _show_transfers(device, progress)
    device.configure(settings)
    device.run(audio, progress=_named(progress, "warm-up"))
    runs = []
    for i in range(plan.repeats):
        runs.append(device.run(audio, progress=_named(progress, f"run {i + 1}/{plan.repeats}")))
    device.configure(Settings(kernel=plan.kernel, mode=plan.mode, stage_times=True))
    staged = device.run(audio, progress=_named(progress, "stage times"))
    outputs = [trimmed(run, len(pcm)) for run in [*runs, staged]]
    frames = runs[0].frames
    period_ns = 1e9 * FRAME_SAMPLES * plan.frames_per_call / 48_000
    stages: dict[str, float] = {}
    if staged.stage_times_ns is not None:
        sums = staged.stage_times_ns.astype(np.float64).sum(axis=0)
        stages = {name: float(ns) / frames for name, ns in zip(STAGES, sums, strict=True)}
    return TimedRun(
        identity=identity,
        kernel=runs[0].kernel,
        frames=frames,
        enhanced=outputs[0],
        digests=[pcm_digest(output) for output in outputs],
        load_percent=[
            100.0 * run.cpu_ns / (run.frames * 1e7) for run in runs if run.cpu_ns is not None
        ],
        frame_times_us=np.concatenate([run.frame_times_ns for run in runs]) / 1e3,
        late_frames=sum(int(np.sum(run.call_times_ns > period_ns)) for run in runs),
        stage_times_ns=stages,
        counts=board_counts(runs[-1], WARMUP_CALLS) if identity.has_counters else None,
    )


def count_on_board(device: Device, pcm: Samples, plan: Plan, progress: Progress) -> BoardRun:
    """The clip once on an emulated board, counted by the board's own counters if it has any."""
    identity = device.identify()
    device.configure(
        Settings(kernel=plan.kernel, mode=plan.mode, stage_counters=identity.has_counters)
    )
    run = device.run(padded(pcm, plan), progress=_named(progress, "run"))
    enhanced = trimmed(run, len(pcm))
    return BoardRun(
        identity=identity,
        kernel=run.kernel,
        frames=run.frames,
        enhanced=enhanced,
        digests=[pcm_digest(enhanced)],
        counts=board_counts(run, WARMUP_CALLS) if identity.has_counters else None,
        expected_frames=run.frames - WARMUP_CALLS * plan.frames_per_call,
    )


def count_on_emulator(
    name: str, model: str, pcm: Samples, plan: Plan, progress: Progress
) -> CountedRun:
    """The clip once through the emulated device ``name``, every instruction counted.

    Raises MeasurementInvalid when no counts come back, MissingDependency without a compiler
    for the counter, and what opening and running a device raise.
    """
    audio = padded(pcm, plan)
    with tempfile.TemporaryDirectory(prefix="percepnet-") as folder:
        out = Path(folder) / "counts.json"
        arguments = plugin_arguments(out, warmup=WARMUP_CALLS)
        with open_device(name, model=model, plugin=build_plugin(), plugin_args=arguments) as device:
            device.configure(Settings(kernel=plan.kernel, mode=plan.mode, stage_marks=True))
            run = device.run(audio, progress=_named(progress, "counted run"))
            identity = device.identify()
        # The emulator writes the counts when the program under it ends.
        counts = read_counts(out, frames_per_mark=plan.frames_per_call)
    enhanced = trimmed(run, len(pcm))
    return CountedRun(
        identity=identity,
        kernel=run.kernel,
        frames=run.frames,
        enhanced=enhanced,
        digests=[pcm_digest(enhanced)],
        counts=counts,
        expected_frames=run.frames - WARMUP_CALLS * plan.frames_per_call,
    )


def _show_transfers(device: Device, progress: Progress) -> None:
    """Let slow links show how far audio has come, with the seconds that it takes at least."""
    rate = device.link_bytes_per_s
    if rate is None:
        return

    def show(direction: str, done: int, size: int) -> None:
        progress(f"{direction} {size / 1e6:.1f} MB, {size / rate:.0f} s", done, size)

    device.on_transfer = show


def _named(progress: Progress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(what, done, total)

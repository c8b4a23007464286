# SPDX-License-Identifier: Apache-2.0
"""The runs behind a measurement: reference on the host, timed runs, a counted run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from host_tools.devices import open_device
from host_tools.devices.base import (
    DELAY_SAMPLES,
    FRAME_SAMPLES,
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
from host_tools.measure.cadences import PACES_MS
from host_tools.measure.counts import InstructionCounts, read_counts
from host_tools.measure.plugin import build_plugin, plugin_arguments

Progress = Callable[[str, int, int], None]
"""Called with (what runs, steps done, steps in all)."""

WARMUP_CALLS = 50
"""Library calls left out of instruction counts: history buffers fill, code gets translated."""


@dataclass(frozen=True)
class Plan:
    """How to run: ``kernel`` "auto" or a name; ``mode`` "packet" gives two frames a call.

    ``paces_ms`` are the cadences of timed runs, 0 unpaced; ``repeats`` runs are made at each.
    """

    kernel: str = "auto"
    mode: FrameMode = "frame"
    repeats: int = 5
    paces_ms: tuple[int, ...] = PACES_MS

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
    run = device.run(padded(pcm, plan), progress=named(progress, what))
    enhanced = trimmed(run, len(pcm))
    return Output(device.identify(), run.kernel, run.frames, enhanced, [pcm_digest(enhanced)])


def reference_run(host: Device, pcm: Samples, plan: Plan, progress: Progress) -> Output:
    """The clip through the scalar kernel, which defines every bit."""
    return single_run(host, pcm, replace(plan, kernel="scalar"), progress, "host reference")


def count_on_board(device: Device, pcm: Samples, plan: Plan, progress: Progress) -> BoardRun:
    """The clip once on an emulated board, counted by the board's own counters if it has any."""
    identity = device.identify()
    device.configure(
        Settings(kernel=plan.kernel, mode=plan.mode, stage_counters=identity.has_counters)
    )
    run = device.run(padded(pcm, plan), progress=named(progress, "run"))
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
            run = device.run(audio, progress=named(progress, "counted run"))
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


def named(progress: Progress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(what, done, total)

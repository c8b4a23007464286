# SPDX-License-Identifier: Apache-2.0
"""A device in this process: delays its input, says how long it took, and can be made to err."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from host_tools.devices.base import (
    DELAY_SAMPLES,
    FRAME_SAMPLES,
    STAGES,
    Device,
    Identity,
    Progress,
    RunResult,
    Samples,
    Settings,
    StreamResult,
)

MODEL_DIGEST = "ab" * 32


def delayed(pcm: Samples) -> Samples:
    """The library's delay and nothing else."""
    return np.concatenate([np.zeros(DELAY_SAMPLES, np.int16), pcm])[: len(pcm)]


@dataclass
class Behaviour:
    """``spoil`` changes the output of a run, given its number; times are per call."""

    spoil: Callable[[int, Samples], Samples] = lambda number, pcm: pcm
    call_time_ns: Callable[[int], int] = lambda number: 200_000
    cpu_clock: bool = True
    can_pace: bool = False
    interrupt_run: int | None = None
    """Number of the run during which somebody presses Ctrl-C; None: of no run."""
    paced_s: float = 0.0
    """What a paced run takes here, whatever its audio."""
    model_digest: str = MODEL_DIGEST
    settings: list[Settings] = field(default_factory=list)
    runs: int = 0
    opened: int = 0
    closed: int = 0


class FakeDevice(Device):
    """See Behaviour; scalar runs are never spoiled: they stand for the host's reference."""

    name = "fake"

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._settings = Settings()
        behaviour.opened += 1

    def identify(self) -> Identity:
        return Identity(
            protocol_version=1,
            library_version="0.1.0",
            cpu_name="fake CPU",
            cpu_arch="x86_64",
            compiler="none",
            kernel=self._kernel,
            kernels_compiled=("scalar", "avx2"),
            kernels_available=("scalar", "avx2"),
            model_digest=self._behaviour.model_digest,
            state_bytes=100_000,
            capacity_frames=10_000,
            clock_resolution_ns=1,
            has_cpu_clock=self._behaviour.cpu_clock,
            can_pace=self._behaviour.can_pace,
        )

    @property
    def _kernel(self) -> str:
        return "avx2" if self._settings.kernel == "auto" else self._settings.kernel

    def configure(self, settings: Settings) -> None:
        self._settings = settings
        self._behaviour.settings.append(settings)

    def run(self, pcm: Samples, *, pace_ms: int = 0, progress: Progress | None = None) -> RunResult:
        per_call = 2 if self._settings.mode == "packet" else 1
        frames = len(pcm) // FRAME_SAMPLES
        calls = -(-frames // per_call)
        output = delayed(pcm)
        time_ns = 150_000
        if self._behaviour.interrupt_run == self._behaviour.runs != 0:
            raise KeyboardInterrupt
        if self.on_run is not None:
            self.on_run(True)
        if pace_ms:
            time.sleep(self._behaviour.paced_s)
        if self.on_run is not None:
            self.on_run(False)
        if self._settings.kernel != "scalar":
            output = self._behaviour.spoil(self._behaviour.runs, output)
            time_ns = self._behaviour.call_time_ns(self._behaviour.runs)
            self._behaviour.runs += 1
        times = np.full(calls, time_ns, np.uint32)
        stages = np.full((calls, len(STAGES)), time_ns // len(STAGES), np.uint32)
        return RunResult(
            pcm=output,
            frames=frames,
            frames_per_call=per_call,
            call_times_ns=times,
            stage_times_ns=stages if self._settings.stage_times else None,
            wall_ns=int(times.sum()),
            cpu_ns=int(times.sum()) if self._behaviour.cpu_clock else None,
            deadline_misses=0,
            pace_ms=pace_ms,
            kernel=self._kernel,
            wake_ups_ns=np.full(calls, 60_000, np.uint32) if pace_ms else None,
        )

    def stream(self, pcm: Samples) -> StreamResult:
        raise NotImplementedError

    def close(self) -> None:
        self._behaviour.closed += 1

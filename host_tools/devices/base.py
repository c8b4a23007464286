# SPDX-License-Identifier: Apache-2.0
"""What every device offers, whatever link it hangs on."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from host_tools.devices.board_files import BoardFiles
from host_tools.devices.shell import Shell

SAMPLE_RATE_HZ = 48_000
FRAME_SAMPLES = 480
DELAY_SAMPLES = 1440

STAGES = ("analysis", "pitch", "comb", "features", "network", "gains", "synthesis")

Samples = NDArray[np.int16]
Progress = Callable[[int, int], None]
"""Called with (frames done, frames in all)."""

Transfer = Callable[[str, int, int], None]
"""Called with ("upload" or "download", bytes done, bytes in all)."""

RunNotice = Callable[[bool], None]

FrameMode = Literal["frame", "packet"]


@dataclass(frozen=True)
class Identity:
    """What a device says about itself.

    ``kernels_compiled`` are in the binary, ``kernels_available`` also run on this CPU.
    ``capacity_frames`` is the audio that fits into the agent's memory at once (longer audio
    is split). ``model_digest`` is the SHA-256 of the model image, 64 hex digits. ``build_id`` tells
    its program from others ("" unknown); ``platform`` is "linux" or "bare-metal".
    """

    protocol_version: int
    library_version: str
    cpu_name: str
    cpu_arch: str
    compiler: str
    kernel: str
    kernels_compiled: tuple[str, ...]
    kernels_available: tuple[str, ...]
    model_digest: str
    state_bytes: int
    capacity_frames: int
    clock_resolution_ns: int
    has_cpu_clock: bool
    can_pace: bool
    has_counters: bool = False
    can_flash: bool = False
    build_id: str = ""
    platform: str = ""


@dataclass(frozen=True)
class Settings:
    """How the device is to run; ``configure`` applies all of it and resets the state.

    ``kernel`` is "auto" or a kernel's name; ``attenuation_limit_db`` is 0..100 (100: no limit).
    ``mode`` "packet" hands the library two frames a call. ``stage_times`` reads the clock
    after each stage (costs time itself); ``stage_marks`` only calls the pn_mark_* functions,
    for instruction counters. ``stage_counters`` reads the counters after each stage.
    """

    kernel: str = "auto"
    attenuation_limit_db: int = 100
    bypass: bool = False
    mode: FrameMode = "frame"
    stage_times: bool = False
    stage_marks: bool = False
    stage_counters: bool = False


@dataclass(frozen=True)
class RunResult:
    """One run from memory.

    ``pcm`` is what the library gave: int16, a whole number of frames, still late by
    DELAY_SAMPLES. ``call_times_ns[i]`` is the time of library call i, which took
    ``frames_per_call`` frames (the last call of a run may have taken fewer).
    ``stage_times_ns`` has shape [calls, 7] in the order of STAGES, or is None.
    ``wall_ns`` and ``cpu_ns`` cover the whole run (``cpu_ns`` None: the device has no CPU clock).
    ``deadline_misses`` counts calls that ended after their period in a paced run;
    ``wake_ups_ns[i]`` is the time from when call i was due until it began (None: unpaced, or the
    agent does not tell).
    ``call_counts`` [calls, 2] are instructions and core cycles of each call, ``stage_counts``
    [calls, 7, 2] those of its stages; None without counters.
    """

    pcm: Samples
    frames: int
    frames_per_call: int
    call_times_ns: NDArray[np.uint32]
    stage_times_ns: NDArray[np.uint32] | None
    wall_ns: int
    cpu_ns: int | None
    deadline_misses: int
    pace_ms: int
    kernel: str
    call_counts: NDArray[np.uint32] | None = None
    stage_counts: NDArray[np.uint32] | None = None
    wake_ups_ns: NDArray[np.uint32] | None = None
    digest: str = field(default="")

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", pcm_digest(self.pcm))

    @property
    def frame_times_ns(self) -> NDArray[np.float64]:
        """One time per 10 ms frame; a packet's time is shared equally by its two frames."""
        return per_frame(self.call_times_ns, self.frames, self.frames_per_call)

    @property
    def aligned_pcm(self) -> Samples:
        """``pcm`` without the first DELAY_SAMPLES: sample n belongs to input sample n."""
        return self.pcm[DELAY_SAMPLES:]


@dataclass(frozen=True)
class StreamResult:
    """One hop of live audio: what came back for what was sent."""

    pcm: Samples
    time_ns: int
    voice_probability: float
    pitch_period_samples: int


@dataclass(frozen=True)
class ProbeResult:
    """One line of ``host_tools devices``: a name for --device and whether it would work."""

    name: str
    ready: bool
    detail: str


class Device(ABC):
    """A place where the library runs. Use as a context manager."""

    name: str
    target: str | None = None
    """The build target whose agent runs; None: not known."""
    link_bytes_per_s: float | None = None
    """Most bytes a second each way; None where the link takes no time worth telling."""
    on_transfer: Transfer | None = None
    """Told of audio on its way to and from the device."""
    board_files: BoardFiles | None = None
    """What the device's system tells about itself; None where nobody reads it."""
    phone_shell: Shell | None = None
    """A phone's own shell, for what only Android tells."""
    shell: Shell | None = None
    """A shell where the agent runs, usable while it runs audio; None: there is none."""
    on_run: RunNotice | None = None
    """Told True right before the device begins to run a block of audio, False right after."""

    @abstractmethod
    def identify(self) -> Identity:
        """What the device is; cached after the first call."""

    @abstractmethod
    def configure(self, settings: Settings) -> None:
        """Apply the settings and reset the state. Raises UsageError for a kernel it lacks."""

    @abstractmethod
    def run(self, pcm: Samples, *, pace_ms: int = 0, progress: Progress | None = None) -> RunResult:
        """Reset, then run int16 mono 48 kHz audio [samples] of any length from device memory.

        The audio is padded with zeros to whole frames. ``pace_ms`` 0 runs as fast as it goes;
        10 or 20 hands out audio in real time.
        """

    @abstractmethod
    def stream(self, pcm: Samples) -> StreamResult:
        """Send one live hop (480 or 960 samples) and get the cleaned one; state goes on."""

    def whereabouts(self) -> str | None:
        """Which one it is and where its agent runs, for people; None where the name tells."""
        return None

    def agent_process(self) -> int | None:
        """Number of the agent's process among those of the device; None where nobody tells."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Say goodbye and free the link; safe to call twice."""

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def pcm_digest(pcm: Samples) -> str:
    """SHA-256 of little-endian 16-bit PCM, 64 hex digits."""
    return hashlib.sha256(np.ascontiguousarray(pcm, dtype="<i2").tobytes()).hexdigest()


def pad_to_frames(pcm: Samples, *, flush: bool) -> Samples:
    """Append zeros up to whole frames; with ``flush`` also the delay, to get the tail out."""
    wanted = len(pcm) + (DELAY_SAMPLES if flush else 0)
    frames = -(-wanted // FRAME_SAMPLES)
    padded = np.zeros(frames * FRAME_SAMPLES, dtype=np.int16)
    padded[: len(pcm)] = pcm
    return padded


def enhance(
    device: Device, pcm: Samples, *, pace_ms: int = 0, progress: Progress | None = None
) -> tuple[Samples, RunResult]:
    """Run ``pcm`` and give it back cleaned, of the same length and with the delay removed.

    The SHA-256 of the first value (``pcm_digest``) is the output digest of a measurement.
    """
    result = device.run(pad_to_frames(pcm, flush=True), pace_ms=pace_ms, progress=progress)
    return result.aligned_pcm[: len(pcm)], result


def per_frame(
    times_ns: NDArray[np.uint32], frames: int, frames_per_call: int
) -> NDArray[np.float64]:
    """Spread call times over frames: [calls] -> [frames]."""
    times = times_ns.astype(np.float64)
    if frames_per_call == 1:
        return times
    shares = np.full(len(times), 1.0 / frames_per_call)
    counts = np.full(len(times), frames_per_call)
    short = frames_per_call * len(times) - frames
    if short:
        counts[-1] -= short
        shares[-1] = 1.0 / counts[-1]
    return np.repeat(times * shares, counts)

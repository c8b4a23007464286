# SPDX-License-Identifier: Apache-2.0
"""Power of a device while it denoises in real time: blocks of idle and load in turn, one recording.

The meter records throughout. An idle block comes first and last, so that each load block has one on
either side (host_tools/power/energy.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from host_tools.devices.base import SAMPLE_RATE_HZ, Device, RunResult, Samples
from host_tools.errors import MeasurementInvalid, UsageError
from host_tools.power.energy import PowerFigures, power_figures
from host_tools.power.meter import PowerMeter
from host_tools.power.recording import MarkLabel, MeterFacts, Recording

PAIRS_MAX = 100
BLOCK_S_MAX = 3600.0
_TICK_S = 0.25

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PowerPlan:
    """``meter`` as for --meter; ``pairs`` load blocks, one idle block more; ``block_s`` None: as
    the meter needs. ``pace_ms`` is the cadence of the load."""

    meter: str
    pairs: int = 3
    block_s: float | None = None
    pace_ms: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.pairs <= PAIRS_MAX:
            raise UsageError(f"{self.pairs} power blocks; give a number from 1 to {PAIRS_MAX}")
        if self.block_s is not None and not 1.0 <= self.block_s <= BLOCK_S_MAX:
            raise UsageError(f"power blocks of {self.block_s:g} s; give 1 to {BLOCK_S_MAX:g}")


@dataclass(frozen=True)
class PowerRun:
    """What the meter gave. ``figures`` None: ``why`` tells why power is unknown.

    ``recording`` None: the meter itself could not make one. ``runs`` are the load blocks.
    """

    facts: MeterFacts
    plan: PowerPlan
    block_s: float
    recording: Recording | None
    figures: PowerFigures | None
    why: str
    runs: list[RunResult] = field(default_factory=list)


def load_audio(pcm: Samples, block_s: float) -> Samples:
    """The clip over and over, as long as a load block lasts."""
    wanted = round(block_s * SAMPLE_RATE_HZ)
    return np.tile(pcm, -(-wanted // len(pcm)))[:wanted]


def run_power(
    device: Device,
    meter: PowerMeter,
    facts: MeterFacts,
    pcm: Samples,
    plan: PowerPlan,
    progress: Progress,
) -> PowerRun:
    """Record the device's power while it idles and denoises in turn.

    The meter is open, *facts* being what that gave; the device is configured. Raises what meter
    and device raise; a recording that tells no power is returned with the reason.
    """
    block_s = plan.block_s or facts.block_s
    audio = load_audio(pcm, block_s)
    runs: list[RunResult] = []
    steps = 2 * plan.pairs + 1
    meter.start()
    try:
        device.on_run = lambda begins: meter.mark("load_begin" if begins else "load_end")
        _idle(meter, block_s, progress, f"power 1/{steps}: idle")
        for number in range(plan.pairs):
            word = f"power {2 * number + 2}/{steps}: load"
            runs.append(device.run(audio, pace_ms=plan.pace_ms, progress=_named(progress, word)))
            _idle(meter, block_s, progress, f"power {2 * number + 3}/{steps}: idle")
    finally:
        device.on_run = None
    record: Recording | None = None
    figures: PowerFigures | None = None
    why = ""
    try:
        record = meter.stop()
        figures = power_figures(
            record,
            settle_s=facts.settle_s,
            resolution_ma=facts.resolution_ma or record.resolution_ma,
            accuracy_percent=facts.accuracy_percent,
        )
    except MeasurementInvalid as error:
        why = str(error)
    return PowerRun(facts, plan, block_s, record, figures, why, runs)


def _idle(meter: PowerMeter, block_s: float, progress: Progress, word: str) -> None:
    """Let the device rest for so long, with progress in quarters of a second."""
    begin: MarkLabel = "idle_begin"
    meter.mark(begin)
    start_s = time.monotonic()
    while (gone_s := time.monotonic() - start_s) < block_s:
        progress(word, round(gone_s * 1000), round(block_s * 1000))
        time.sleep(min(_TICK_S, block_s - gone_s))
    meter.mark("idle_end")


def _named(progress: Progress, word: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(word, done, total)

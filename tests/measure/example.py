# SPDX-License-Identifier: Apache-2.0
"""A made-up but complete result, for tests of what is done with results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from host_tools.devices.base import RunResult, pcm_digest
from host_tools.measure.board_readings import ThreadUse
from host_tools.measure.budget import BudgetLine, BudgetReport
from host_tools.measure.estimate import LoadEstimate
from host_tools.measure.figures import NO_FRAME_TIME
from host_tools.measure.pacing import pacing
from host_tools.measure.power_result import power_of
from host_tools.measure.power_session import PowerPlan, PowerRun
from host_tools.measure.quality import Metric
from host_tools.measure.result import FrameTime, Instructions, Load, MeasureResult, Sizes
from host_tools.measure.validity import Rule
from host_tools.power.energy import power_figures
from host_tools.power.recording import Mark, MeterFacts, recording


def example_result() -> MeasureResult:
    """As an emulated board would give it."""
    enhanced = np.arange(-500, 500, dtype=np.int16)
    return MeasureResult(
        schema_version=2,
        created_utc="2026-01-02T03:04:05Z",
        tool_version="0.1.0",
        device="emulator:cortex-a53",
        cpu="Cortex-A53",
        kernel="neon",
        model="percepnet",
        model_digest="ab" * 32,
        clip="demo.flac",
        output_digest=pcm_digest(enhanced),
        output_matches_host=True,
        frames=1173,
        delay_samples=1440,
        instructions_per_frame=2_900_000.0,
        instructions=Instructions(
            mean=2_900_000.0,
            p50=2_900_001,
            p95=2_900_100,
            p99=2_900_200,
            max=2_950_000,
            frames=1123,
            warmup_frames=50,
            network_matrix=2_400_000.0,
            network_other=80_000.0,
            everything_but_matrix=500_000.0,
            overhead_not_counted=212.0,
            top_functions={"pn_gemv_s8_neon": 2_400_000.0},
        ),
        stages={"pitch": 400_000.0, "network": 2_500_000.0},
        stages_unit="instructions",
        load=Load(40.0, "estimated", "Raspberry Pi 3", "a stated model", 30.0, 40.0),
        load_estimates=(
            LoadEstimate("rpi3-a53", "Raspberry Pi 3", 10.0, 30.0, 30.0, 40.0, 4000.0, "model"),
        ),
        frame_time_us=NO_FRAME_TIME,
        deadline_misses=None,
        pacing=(),
        stage_cost_us=None,
        threads=(),
        power=None,
        quality={"si_sdr_db": Metric(5.0, 12.0), "pesq_wb": Metric(None, None)},
        sizes=Sizes(200_000, 4000, 8_400_000, None),
        validity=(Rule("output_digest", True, "same"),),
        budget=BudgetReport(
            "phone",
            (
                BudgetLine("load_percent_of_core", 5.0, 40.0, "estimated", False),
                BudgetLine("power_mw", 20.0, None, "unknown", None),
                BudgetLine("flash_kib", None, 8203.0, "exact", True),
            ),
        ),
        verdict="fail",
        partial=False,
        notes=("a note",),
        enhanced=enhanced,
        noisy=np.arange(500, -500, -1, dtype=np.int16),
        runs={},
        recording=None,
    )


def example_timed_result(
    seconds: float = 3.0, repeats: int = 5, *, with_power: bool = True
) -> MeasureResult:
    """As a real board with a meter would give it, paced and unpaced; the figures fit the runs."""
    rng = np.random.default_rng(11)
    noisy = rng.normal(0.0, 1500.0, round(seconds * 48_000)).astype(np.int16)
    enhanced = (noisy // 8).astype(np.int16)
    runs = {
        pace_ms: [timed_run(rng, round(seconds * 100), pace_ms) for _ in range(repeats)]
        for pace_ms in (0, 10, 20)
    }
    clocks = {"policy0": {600_000: 900, 1_500_000: 100}}
    pacings = tuple(pacing(each, clocks if pace_ms else {}) for pace_ms, each in runs.items())
    headline = pacings[1]
    load, times = headline.load_percent, headline.frame_time_us
    assert load is not None
    power = power_run() if with_power else None
    return replace(
        example_result(),
        device="ssh:pi@board",
        kernel="dotprod",
        output_digest=pcm_digest(enhanced),
        instructions_per_frame=None,
        instructions=None,
        stages={"pitch": 40_000.0, "network": 250_000.0},
        stages_unit="nanoseconds",
        load=Load(load.median, "measured", "Cortex-A76", "CPU time", load.low, load.high),
        load_estimates=(),
        frame_time_us=FrameTime(times.p50, times.p95, times.p99, times.max),
        deadline_misses=headline.deadline_misses,
        pacing=pacings,
        stage_cost_us=0.4,
        threads=(ThreadUse(812, "percepnet_agent", 950.5),),
        power=None if power is None else power_of(power),
        enhanced=enhanced,
        noisy=noisy,
        runs=runs,
        recording=None if power is None else power.recording,
    )


def timed_run(rng: np.random.Generator, frames: int, pace_ms: int) -> RunResult:
    """A run whose frames take about 0.3 ms unpaced, more when paced, and a few much longer."""
    usual_ns = 300_000 * (1.0 + 0.03 * pace_ms)
    times_ns = usual_ns * rng.lognormal(0.0, 0.05, frames)
    times_ns[rng.integers(0, frames, max(1, frames // 200))] *= 8
    late_ns = 60_000 * rng.lognormal(0.0, 0.4, frames)
    return RunResult(
        pcm=np.zeros(frames * 480, np.int16),
        frames=frames,
        frames_per_call=1,
        call_times_ns=times_ns.astype(np.uint32),
        stage_times_ns=None,
        wall_ns=frames * 10_000_000 if pace_ms else round(times_ns.sum() * 1.01),
        cpu_ns=round(times_ns.sum()),
        deadline_misses=1 if pace_ms else 0,
        pace_ms=pace_ms,
        kernel="dotprod",
        wake_ups_ns=late_ns.astype(np.uint32) if pace_ms else None,
    )


def power_run() -> PowerRun:
    """Three load blocks of 10 s between four idle ones, 100 samples a second, 20 mW more."""
    rng = np.random.default_rng(5)
    time_s = np.arange(0.0, 70.5, 0.01)
    marks: list[Mark] = []
    current_a = 0.12 + rng.normal(0.0, 0.0005, len(time_s))
    for number in range(7):
        begin_s, end_s = 0.2 + 10 * number, 10.1 + 10 * number
        kind = "load" if number % 2 else "idle"
        marks.append(Mark("load_begin" if kind == "load" else "idle_begin", begin_s, 0.001))
        marks.append(Mark("load_end" if kind == "load" else "idle_end", end_s, 0.001))
        if kind == "load":
            current_a[(time_s >= begin_s) & (time_s < end_s)] += 0.004
    record = recording("meter", time_s, current_a, np.full(len(time_s), 5.0), tuple(marks))
    facts = MeterFacts("ppk2:example", "the 5 V supply of the board", 0.0002, 2.0)
    figures = power_figures(record, resolution_ma=0.0002, accuracy_percent=2.0)
    return PowerRun(facts, PowerPlan("ppk2"), 10.0, record, figures, "")

# SPDX-License-Identifier: Apache-2.0
"""Paced and unpaced runs side by side, and what is left when somebody presses Ctrl-C."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from host_tools.devices.base import RunResult, Samples
from host_tools.measure.cadences import run_cadences
from host_tools.measure.pacing import pacing, wake_ups_us
from host_tools.measure.runs import Plan
from host_tools.measure.statistics import outliers
from host_tools.measure.timed import TimedRun, time_on_device
from host_tools.measure.validity import hardware_rules
from tests.measure.fake_device import Behaviour, FakeDevice

SECOND: Samples = np.zeros(48_000, np.int16)


def silent(what: str, done: int, total: int) -> None:
    del what, done, total


def timed(behaviour: Behaviour, plan: Plan | None = None) -> TimedRun:
    return time_on_device(FakeDevice(behaviour), SECOND, plan or Plan(repeats=5), silent)


def one_run(pace_ms: int = 10, mode_frames: int = 1, calls: int = 100) -> RunResult:
    return RunResult(
        pcm=np.zeros(480 * calls * mode_frames, np.int16),
        frames=calls * mode_frames,
        frames_per_call=mode_frames,
        call_times_ns=np.full(calls, 200_000, np.uint32),
        stage_times_ns=None,
        wall_ns=calls * 210_000,
        cpu_ns=calls * 100_000,
        deadline_misses=3,
        pace_ms=pace_ms,
        kernel="neon",
        wake_ups_ns=np.arange(calls, dtype=np.uint32) * 1000,
    )


def test_a_device_that_can_pace_is_run_at_each_cadence_and_the_load_is_that_at_10_ms() -> None:
    # run 0 warms up, then the cadences take turns
    run = timed(Behaviour(can_pace=True, call_time_ns=lambda n: 200_000 if n % 3 == 1 else 700_000))
    assert [entry.pace_ms for entry in run.pacings] == [0, 10, 20]
    assert [len(runs) for runs in run.cadences.runs.values()] == [5, 5, 5]
    assert run.headline is not None and run.headline.pace_ms == 10
    loads = [entry.load_percent.median for entry in run.pacings if entry.load_percent is not None]
    assert loads == [2.0, 7.0, 7.0]
    assert len(run.digests) == 16 and len(set(run.digests)) == 1


def test_packets_are_not_paced_at_10_ms_and_a_device_without_sleep_not_at_all() -> None:
    packets = timed(Behaviour(can_pace=True), Plan(mode="packet"))
    assert [entry.pace_ms for entry in packets.pacings] == [0, 20]
    assert packets.headline is not None and packets.headline.pace_ms == 0
    assert [entry.pace_ms for entry in timed(Behaviour()).pacings] == [0]


def test_the_cost_of_timing_stages_is_told() -> None:
    run = timed(Behaviour(call_time_ns=lambda number: 260_000 if number == 6 else 250_000))
    assert run.stage_cost_us == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("run_number", "kept", "words"),
    [
        (2, {0: 1}, "after 1 of 15 runs"),
        (3, {0: 1, 10: 1}, "after 2 of 15 runs"),
        (9, {0: 3, 10: 3, 20: 2}, "after 8 of 15 runs"),
    ],
)
def test_ctrl_c_keeps_the_finished_runs(run_number: int, kept: dict[int, int], words: str) -> None:
    run = timed(Behaviour(can_pace=True, interrupt_run=run_number))
    assert {pace: len(runs) for pace, runs in run.cadences.runs.items()} == kept
    assert words in run.cadences.interrupted
    assert run.stage_times_ns == {} and run.pacings[0].pace_ms == 0


def test_ctrl_c_before_anything_is_finished_goes_on_as_ctrl_c() -> None:
    device = FakeDevice(Behaviour(interrupt_run=1, runs=1))
    with pytest.raises(KeyboardInterrupt):
        run_cadences(device, SECOND, (0, 10), 5, lambda word: lambda done, total: None)


def test_load_frame_times_and_misses_are_of_all_repeats() -> None:
    slow = replace(one_run(), cpu_ns=200 * 100_000)
    found = pacing([one_run(), one_run(), slow], {"policy0": {600_000: 900, 1_500_000: 100}})
    assert found.load_percent is not None
    assert (found.load_percent.median, found.load_percent.high) == (1.0, 2.0)
    assert found.deadline_misses == 9 and found.frame_time_us.p99 == 200.0
    assert sum(found.histogram.counts) == 300
    assert found.frequency_shares == {"policy0": {"600": 0.9, "1500": 0.1}}


def test_wake_ups_and_their_drift_are_told_of_paced_runs_only() -> None:
    paced = pacing([one_run()], {})
    assert paced.wake_up_us is not None and paced.wake_up_us.max == 99.0
    assert paced.drift_us == pytest.approx(90.0) and paced.overhead_us_per_frame is None
    unpaced = pacing([replace(one_run(pace_ms=0), wake_ups_ns=None)], {})
    assert unpaced.wake_up_us is None and unpaced.drift_us is None
    assert unpaced.overhead_us_per_frame == pytest.approx(10.0)


def test_the_second_frame_of_a_period_is_no_wake_up() -> None:
    assert len(wake_ups_us(one_run(pace_ms=20))) == 50
    assert len(wake_ups_us(one_run(pace_ms=20, mode_frames=2))) == 100
    assert len(wake_ups_us(one_run(pace_ms=10))) == 100


def test_unpaced_calls_longer_than_their_frames_are_late() -> None:
    run = replace(one_run(pace_ms=0), call_times_ns=np.array([9, 11, 12], np.uint32) * 1_000_000)
    assert pacing([run], {}).deadline_misses == 2


@pytest.mark.parametrize(
    ("values", "count"),
    [([], 0), ([1, 1, 9, 1], 0), ([1.0, 1.01, 0.99, 1.02, 9.0], 1), ([2, 2, 2, 2, 2], 0)],
)
def test_outliers_are_counted_from_five_values_on(values: list[float], count: int) -> None:
    assert outliers(values) == count


def test_a_cpu_that_says_it_is_emulated_voids_its_times() -> None:
    assert hardware_rules("Cortex-A76") == []
    (rule,) = hardware_rules("QEMU max")
    assert not rule.ok and rule.name == "real_hardware"

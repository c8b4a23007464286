# SPDX-License-Identifier: Apache-2.0
"""Blocks of idle and load under a meter, and the rules that their power must keep."""

from __future__ import annotations

import time

import numpy as np
import pytest

from host_tools.errors import DeviceError, MeasurementInvalid, UsageError
from host_tools.measure.power_result import power_of, power_output_rule, power_rules
from host_tools.measure.power_session import PowerPlan, PowerRun, load_audio, run_power
from host_tools.power.energy import power_figures
from host_tools.power.meter import PowerMeter
from host_tools.power.recording import Mark, MarkLabel, MeterFacts, Recording, recording
from tests.measure.fake_device import Behaviour, FakeDevice
from tests.measure.test_cadences import SECOND, silent

FACTS = MeterFacts("bench", "the wire", block_s=1.0)


class Bench(PowerMeter):
    """A meter that sees 100 mW, and 150 mW between the marks of a load, on the real clock."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.marks: list[Mark] = []
        self.trouble = trouble
        self.closed = 0

    def open(self) -> MeterFacts:
        return FACTS

    def start(self) -> None:
        self._start_s = time.monotonic()

    def mark(self, label: MarkLabel) -> None:
        self.marks.append(Mark(label, time.monotonic() - self._start_s))

    def stop(self) -> Recording:
        if self.trouble is not None:
            raise self.trouble
        time_s = np.arange(0.0, self.marks[-1].time_s + 0.01, 0.002)
        power_mw = np.full(len(time_s), 100.0)
        for begin, end in zip(self.marks[0::2], self.marks[1::2], strict=True):
            if begin.label == "load_begin":
                power_mw[(time_s >= begin.time_s) & (time_s <= end.time_s)] = 150.0
        return recording(
            "bench", time_s, power_mw / 5e3, np.full(len(time_s), 5.0), tuple(self.marks)
        )

    def close(self) -> None:
        self.closed += 1


def power_run(meter: Bench, plan: PowerPlan | None = None) -> PowerRun:
    device = FakeDevice(Behaviour(can_pace=True, paced_s=0.2))
    plan = plan or PowerPlan("bench", pairs=2, block_s=1.0)
    return run_power(device, meter, meter.open(), SECOND, plan, silent)


def test_idle_and_load_alternate_and_the_load_is_told_from_idle() -> None:
    meter = Bench()
    run = power_run(meter)
    assert [mark.label.partition("_")[0] for mark in meter.marks[0::2]] == [
        *("idle", "load", "idle", "load", "idle")
    ]
    power = power_of(run)
    assert power.kind == "measured" and power.mw_above_idle == pytest.approx(50.0, abs=0.5)
    assert power.uj_per_frame == pytest.approx(500.0, abs=5.0)
    assert power.idle_mw == pytest.approx(100.0, abs=0.5)
    assert [block.kind for block in power.blocks] == ["idle", "load", "idle", "load", "idle"]
    assert len(run.runs) == 2 and all(one.pace_ms == 10 for one in run.runs)


def test_a_recording_that_was_made_at_another_time_gives_an_estimate() -> None:
    run = power_run(Bench())
    replay = MeterFacts("csv:x", "the wire", is_replay=True)
    assert power_of(PowerRun(**{**vars(run), "facts": replay})).kind == "estimated"


def test_power_that_the_meter_cannot_tell_is_unknown_and_voids_with_the_reason() -> None:
    run = power_run(Bench(MeasurementInvalid("the phone is fed by USB")))
    power = power_of(run)
    assert power.kind == "unknown" and power.mw_above_idle is None
    assert power.method == "the phone is fed by USB"
    assert [rule.name for rule in power_rules(run) if not rule.ok] == [
        *("power_known", "power_block_length")
    ]


def test_a_meter_that_is_lost_ends_the_measurement() -> None:
    with pytest.raises(DeviceError, match="unplugged"):
        power_run(Bench(DeviceError("bench: unplugged")))


def test_load_audio_is_the_clip_over_and_over() -> None:
    clip = np.arange(48_000, dtype=np.int16)
    assert np.array_equal(load_audio(clip, 2.5), np.concatenate([clip, clip, clip[:24_000]]))
    assert np.array_equal(load_audio(clip, 0.5), clip[:24_000])


@pytest.mark.parametrize(("pairs", "block_s"), [(0, None), (101, None), (3, 0.5), (3, 7200.0)])
def test_absurd_plans_are_usage_errors(pairs: int, block_s: float | None) -> None:
    with pytest.raises(UsageError, match="give"):
        PowerPlan("bench", pairs, block_s)


def judged(**changes: object) -> list[str]:
    """Names of broken rules after changes to a flawless recording of 30 s blocks."""
    marks = tuple(
        Mark(label, time_s)  # type: ignore[arg-type]
        for label, time_s in (
            *(("idle_begin", 0.0), ("idle_end", 30.0), ("load_begin", 30.0), ("load_end", 60.0)),
            *(("idle_begin", 60.0), ("idle_end", 90.0)),
        )
    )
    time_s = np.arange(0.0, 90.1, 0.1)
    power_mw = np.where((time_s >= 30) & (time_s < 60), 150.0, 100.0)
    power_mw = power_mw + np.asarray(changes.pop("add_mw", 0.0)) * (time_s > 75)
    keep = np.ones(len(time_s), bool)
    gap = changes.pop("gap", None)
    if isinstance(gap, tuple):
        keep &= ~((time_s > gap[0]) & (time_s < gap[1]))
    record = recording(
        "bench", time_s[keep], power_mw[keep] / 5e3, np.full(keep.sum(), 5.0), marks, **changes
    )  # type: ignore[arg-type]
    plan = PowerPlan("bench", pairs=1, block_s=30.0)
    run = PowerRun(FACTS, plan, 30.0, record, power_figures(record), "")
    return [rule.name for rule in power_rules(run) if not rule.ok]


def test_each_rule_of_power_is_broken_by_its_own_trouble() -> None:
    assert judged() == []
    assert judged(saturated_samples=1) == ["power_in_range"]
    assert judged(dropped_samples=20) == ["power_trace_complete"]
    assert judged(gap=(40.0, 44.0)) == ["power_trace_complete"]
    assert judged(clock_error_ppm=-1500.0) == ["power_clock"]
    assert judged(clock_error_ppm=400.0) == []
    assert judged(add_mw=60.0) == ["power_baseline"]


def test_load_blocks_with_other_output_than_the_host_void_the_power() -> None:
    assert power_output_rule(["aa", "aa"], "aa").ok
    broken = power_output_rule(["aa", "bb"], "aa")
    assert not broken.ok and "1 of 2 load blocks gave bb, the host aa" in broken.evidence

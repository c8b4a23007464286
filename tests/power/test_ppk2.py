# SPDX-License-Identifier: Apache-2.0
"""The PPK2 meter and the package ppk2-api against a simulated PPK2 on a pseudo-terminal."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from host_tools.errors import DataError, DeviceError, MissingDependency, ToolError, UsageError
from host_tools.power.energy import power_figures
from host_tools.power.names import open_meter
from host_tools.power.ppk2 import Ppk2
from tests.needs import need
from tests.power.ppk2_simulator import SimulatedPpk2, step_a
from tests.timing import in_real_time

pytestmark = in_real_time

Plug = Callable[[Callable[[float], float]], SimulatedPpk2]


@pytest.fixture
def plug() -> Iterator[Plug]:
    """Plugs in a PPK2 through which a current flows."""
    need(importlib.util.find_spec("ppk2_api") is not None, "no ppk2-api: pip install -e '.[power]'")
    plugged: list[SimulatedPpk2] = []

    def connect(current_a: Callable[[float], float]) -> SimulatedPpk2:
        plugged.append(SimulatedPpk2(current_a))
        return plugged[-1]

    yield connect
    for ppk2 in plugged:
        ppk2.unplug()


def meter_on(ppk2: SimulatedPpk2, options: str = "voltage_mv=3700") -> Ppk2:
    meter = open_meter(f"ppk2:{ppk2.port}?{options}")
    assert isinstance(meter, Ppk2)
    meter.silence_s = 0.6
    return meter


def wait_until(what: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 5.0
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.005)


@pytest.mark.parametrize("current_a", [20e-6, 300e-6, 2e-3, 0.041, 0.35])
def test_a_known_current_is_recorded_within_a_step_of_the_adc(plug: Plug, current_a: float) -> None:
    with meter_on(plug(lambda _: current_a)) as meter:
        meter.open()
        meter.start()
        time.sleep(0.2)
        record = meter.stop()
    assert np.max(np.abs(record.current_a - current_a)) < step_a(current_a)
    assert np.all(record.voltage_v == 3.7)
    assert len(record.time_s) >= 200
    assert (record.dropped_samples, record.saturated_samples) == (0, 0)


def test_it_supplies_the_device_with_the_voltage_that_the_name_says(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    with meter_on(ppk2, "voltage_mv=4210") as meter:
        facts = meter.open()
        meter.start()
        meter.stop()
    assert (ppk2.voltage_mv, ppk2.mode, ppk2.device_is_on) == (4210, 2, True)
    assert facts.measures == "current from the PPK2 into the device"
    assert facts.resolution_ma == pytest.approx(0.7656, abs=1e-3)
    wait_until(lambda: not ppk2.is_measuring)
    assert ppk2.device_is_on, "a board must not lose its supply when a measurement ends"


def test_in_ampere_mode_it_only_measures(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    with meter_on(ppk2, "mode=ampere&voltage_mv=5000") as meter:
        assert "in the device's supply line" in meter.open().measures
        meter.start()
        record = meter.stop()
    assert ppk2.mode == 1
    assert record.voltage_v[0] == 5.0
    assert "given, not measured" in record.notes[0]


def test_blocks_of_load_and_idle_give_the_power_between_them(plug: Plug) -> None:
    switched_s: list[float] = []
    ppk2 = plug(lambda at_s: 0.3 if sum(ppk2.start_s + at_s >= s for s in switched_s) % 2 else 0.1)
    with meter_on(ppk2) as meter:
        meter.open()
        meter.start()
        for at, kind in enumerate(("idle", "load", "idle")):
            if at:
                switched_s.append(time.monotonic())
            meter.mark("idle_begin" if kind == "idle" else "load_begin")
            time.sleep(0.4)
            meter.mark("idle_end" if kind == "idle" else "load_end")
        record = meter.stop()
    figures = power_figures(record, settle_s=0.05)
    assert figures.mw_above_idle == pytest.approx(1e3 * 0.2 * 3.7, rel=0.02)
    assert record.time_s[0] <= record.marks[0].time_s
    assert record.time_s[-1] >= record.marks[-1].time_s - 1e-3


def test_lost_samples_are_counted_and_leave_a_gap(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    with meter_on(ppk2) as meter:
        meter.open()
        meter.start()
        for lose in (5, 63, 20):
            ppk2.lose = lose
            wait_until(lambda: ppk2.lose == 0)
        time.sleep(0.2)
        record = meter.stop()
    assert record.dropped_samples == ppk2.lost == 88
    assert np.max(np.abs(record.current_a - 0.1)) < step_a(0.1)


def test_a_loss_beyond_the_counter_is_seen_by_the_clock(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    patient = meter_on(ppk2)
    patient.silence_s = 10.0
    with patient as meter:
        meter.open()
        meter.start()
        time.sleep(0.1)
        ppk2.is_silent = True
        time.sleep(0.5)
        ppk2.lose = 50_007
        ppk2.is_silent = False
        time.sleep(0.1)
        record = meter.stop()
    assert record.dropped_samples == pytest.approx(50_007, abs=3_000)
    assert record.longest_gap_s == pytest.approx(0.5, abs=0.05)


def test_currents_beyond_its_range_are_counted(plug: Plug) -> None:
    ppk2 = plug(lambda at_s: 1.3 if 0.05 <= at_s < 0.06 else 0.1)
    with meter_on(ppk2) as meter:
        meter.open()
        meter.start()
        time.sleep(0.1)
        ppk2.at_adc_end = 200
        time.sleep(0.1)
        record = meter.stop()
    assert record.saturated_samples == pytest.approx(1000 + 200, abs=10)


def test_a_clock_that_runs_slow_is_told_and_set_right(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.power.clock.LEAST_SPAN_S", 0.2)
    ppk2 = plug(lambda _: 0.1)
    ppk2.clock_rate = 0.3
    with meter_on(ppk2) as meter:
        meter.open()
        begin_s = time.monotonic()
        meter.start()
        time.sleep(1.5)
        record = meter.stop()
        elapsed_s = time.monotonic() - begin_s
    assert record.clock_error_ppm == pytest.approx(-700_000, rel=0.1)
    # as its clock says it was 0.45 s; late arrivals bend the fitted line by milliseconds
    assert 1.45 < record.time_s[-1] < elapsed_s + 0.05
    assert record.period_s == pytest.approx(1e-3 / 0.3, rel=0.1)


@pytest.mark.parametrize("moment", ["mark", "stop"])
def test_a_ppk2_that_is_unplugged_says_so(plug: Plug, moment: str) -> None:
    ppk2 = plug(lambda _: 0.1)
    with meter_on(ppk2) as meter:
        meter.open()
        meter.start()
        ppk2.unplug()
        time.sleep(0.1)
        with pytest.raises(DeviceError, match="the PPK2 is gone; check its cable"):
            meter.mark("idle_begin") if moment == "mark" else meter.stop()


def test_a_ppk2_that_falls_silent_is_lost(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    with meter_on(ppk2) as meter:
        meter.open()
        meter.start()
        ppk2.is_silent = True
        time.sleep(0.1)
        with pytest.raises(DeviceError, match=r"no samples for 0\.6 s; check its power"):
            meter.stop()


def test_bytes_that_are_no_samples_end_the_recording(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    with meter_on(ppk2) as meter:
        meter.open()
        ppk2.is_garbage = True
        with pytest.raises(DataError, match="sends no samples of a PPK2"):
            meter.start()
            meter.stop()


def test_a_measurement_that_was_cut_off_before_does_no_harm(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    ppk2.is_measuring, ppk2.start_s = True, time.monotonic()
    time.sleep(0.05)
    with meter_on(ppk2) as meter:
        meter.open()
        meter.start()
        record = meter.stop()
    assert np.max(np.abs(record.current_a - 0.1)) < step_a(0.1)


def test_another_device_at_the_port_is_no_ppk2(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    ppk2.text = "login: "
    with meter_on(ppk2) as meter, pytest.raises(DeviceError, match="does not answer as a PPK2"):
        meter.open()
    assert not ppk2.device_is_on


def test_half_an_answer_is_not_taken_for_the_calibration(plug: Plug) -> None:
    ppk2 = plug(lambda _: 2e-3)
    ppk2.answers_in_halves = 1
    with meter_on(ppk2) as meter:
        meter.open()
        meter.start()
        record = meter.stop()
    assert np.max(np.abs(record.current_a - 2e-3)) < step_a(2e-3)


def test_a_damaged_calibration_is_refused_before_the_supply_is_switched_on(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    ppk2.text = ppk2.text.replace("R0: 1008", "R0: 3095044895830869060112875520")
    with meter_on(ppk2) as meter, pytest.raises(DataError, match="calibration is damaged, shunt 0"):
        meter.open()
    assert not ppk2.device_is_on


def test_a_port_that_is_not_there_is_told(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    message = r"ppk2:/dev/ttyNothing: cannot be opened.*PPK2 found"
    meter = open_meter("ppk2:/dev/ttyNothing?voltage_mv=3700")
    with meter, pytest.raises(DeviceError, match=message):
        meter.open()
    assert ppk2.commands == []


def test_two_programs_cannot_use_one_ppk2(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    with meter_on(ppk2) as first, meter_on(ppk2) as second:
        first.open()
        with pytest.raises(DeviceError, match="cannot be opened"):
            second.open()


def test_ctrl_c_ends_the_thread_and_frees_the_port(plug: Plug) -> None:
    ppk2 = plug(lambda _: 0.1)
    meter = meter_on(ppk2)
    with pytest.raises(KeyboardInterrupt), meter:
        meter.open()
        meter.start()
        raise KeyboardInterrupt
    meter.close()
    assert not [thread for thread in threading.enumerate() if "ppk2" in thread.name]
    wait_until(lambda: not ppk2.is_measuring)
    with meter_on(ppk2) as again:
        again.open()


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ppk2_api.ppk2_api", None)
    meter = open_meter("ppk2:/dev/ttyACM0?voltage_mv=3700")
    with meter, pytest.raises(MissingDependency, match=r"pip install -e '\.\[power\]'"):
        meter.open()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ppk2:", "names no port"),
        ("ppk2:/dev/ttyACM0", "lacks voltage_mv; voltage_mv is a number from 800 to 5000"),
        ("ppk2:/dev/ttyACM0?voltage_mv=12000", "voltage_mv=12000"),
        ("ppk2:/dev/ttyACM0?voltage_mv=nan", "voltage_mv=nan"),
        ("ppk2:/dev/ttyACM0?volts=3", "no option 'volts'"),
        ("ppk2:/dev/ttyACM0?voltage_mv=3700&mode=amps", "mode is source or ampere"),
    ],
)
def test_a_wrong_name_says_what_is_wrong(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        open_meter(name)
    assert isinstance(caught.value, ToolError)
    assert "\n" not in str(caught.value)

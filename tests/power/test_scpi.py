# SPDX-License-Identifier: Apache-2.0
"""The SCPI meter against a simulated instrument on a pseudo-terminal and on a socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from host_tools.errors import DataError, DeviceError, UsageError
from host_tools.power.names import open_meter
from host_tools.power.scpi import Scpi
from tests.power.bench_instruments import IDENTITY, ScpiInstrument
from tests.power.wires import PtyWire, SocketWire, Wire
from tests.timing import in_real_time

pytestmark = in_real_time


@pytest.fixture(params=[PtyWire, SocketWire])
def any_wire(request: pytest.FixtureRequest) -> Callable[[], Wire]:
    wire: Callable[[], Wire] = request.param
    return wire


@pytest.fixture
def instrument() -> Iterator[ScpiInstrument]:
    made = ScpiInstrument(PtyWire())
    yield made
    made.unplug()


def meter_on(instrument: ScpiInstrument, options: str = "period_ms=10") -> Scpi:
    meter = open_meter(f"scpi:{instrument.port}?{options}")
    assert isinstance(meter, Scpi)
    meter.silence_s = 0.4
    return meter


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_current_and_voltage_are_recorded(any_wire: Callable[[], Wire], end: bytes) -> None:
    instrument = ScpiInstrument(any_wire(), end)
    with meter_on(instrument) as meter:
        facts = meter.open()
        meter.start()
        meter.mark("load_begin")
        time.sleep(0.3)
        meter.mark("load_end")
        record = meter.stop()
    instrument.unplug()
    assert IDENTITY in facts.name
    assert np.all(record.current_a == 0.125)
    assert np.all(record.voltage_v == 3.7)
    assert record.time_s[0] <= record.marks[0].time_s <= record.marks[1].time_s
    assert record.marks[1].time_s <= record.time_s[-1]
    assert (record.dropped_samples, record.saturated_samples, record.notes) == (0, 0, ())


def test_times_follow_the_load_of_a_slow_instrument(instrument: ScpiInstrument) -> None:
    instrument.delay_s = 0.03
    with meter_on(instrument) as meter:
        meter.open()
        meter.start()
        instrument.current_a = lambda: 0.4
        meter.mark("load_begin")
        time.sleep(0.3)
        record = meter.stop()
    changed_s = record.time_s[np.argmax(record.current_a > 0.2)]
    mark = record.marks[0]
    assert mark.uncertainty_s >= 0.015
    assert changed_s == pytest.approx(mark.time_s, abs=0.1)


def test_a_constant_voltage_needs_no_query(instrument: ScpiInstrument) -> None:
    with meter_on(instrument, "period_ms=10&voltage_v=5.1&voltage=NO:SUCH?") as meter:
        meter.open()
        meter.start()
        record = meter.stop()
    assert np.all(record.voltage_v == 5.1)


def test_a_late_answer_is_not_taken_for_the_next_one(instrument: ScpiInstrument) -> None:
    patient = meter_on(instrument)
    patient.silence_s = 2.0
    with patient as meter:
        meter.open()
        meter.start()
        time.sleep(0.3)
        instrument.delays_once_s.append(0.7)
        time.sleep(0.9)
        record = meter.stop()
    assert record.dropped_samples == 1
    assert np.all(record.current_a == 0.125)
    assert np.all(record.voltage_v == 3.7)


def test_answers_that_are_no_numbers_are_counted(instrument: ScpiInstrument) -> None:
    with meter_on(instrument) as meter:
        meter.open()
        meter.start()
        time.sleep(0.1)
        instrument.answer_instead.extend(["+1.2\x00ER"])
        time.sleep(0.3)
        record = meter.stop()
    assert record.dropped_samples == 1
    assert np.all(record.current_a == 0.125)


def test_too_many_of_them_end_the_recording_with_the_last_one(instrument: ScpiInstrument) -> None:
    with meter_on(instrument) as meter:
        meter.open()
        meter.start()
        instrument.answer_instead.extend(["OVERLOAD!"] * 100)
        with pytest.raises(DataError, match="cannot read 20 lines in a row, the last was 'OVERL"):
            for _ in range(100):
                time.sleep(0.02)
                meter.mark("idle_begin")


def test_values_beyond_the_range_are_counted_as_saturated(instrument: ScpiInstrument) -> None:
    with meter_on(instrument) as meter:
        meter.open()
        meter.start()
        instrument.answer_instead.extend(["+9.90000000E+37"] * 4)
        time.sleep(0.2)
        record = meter.stop()
    assert record.saturated_samples == 2  # current and voltage of two samples
    assert record.dropped_samples == 0
    assert np.max(record.current_a) == 0.125


def test_not_a_number_of_scpi_is_a_dropped_sample(instrument: ScpiInstrument) -> None:
    with meter_on(instrument) as meter:
        meter.open()
        meter.start()
        instrument.answer_instead.append("9.91E37")
        time.sleep(0.3)
        record = meter.stop()
    assert (record.saturated_samples, record.dropped_samples) == (0, 1)


def test_a_query_that_it_does_not_know_is_told_with_its_own_error(
    instrument: ScpiInstrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.power.scpi._ANSWER_S", 0.2)
    message = r"answers nothing to FETC:AMPS\?, its error queue says -113,.Undefined header.*curr"
    meter = meter_on(instrument, "current=FETC:AMPS?")
    with meter, pytest.raises(DataError, match=message):
        meter.open()


def test_errors_of_the_run_are_noted(instrument: ScpiInstrument) -> None:
    with meter_on(instrument) as meter:
        meter.open()
        meter.start()
        instrument.errors.append('-222,"Data out of range"')
        record = meter.stop()
    assert record.notes == ('the instrument\'s error queue says -222,"Data out of range"',)


def test_nobody_at_the_port_is_told(
    instrument: ScpiInstrument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.power.scpi._ANSWER_S", 0.2)
    instrument.is_silent = True
    with meter_on(instrument) as meter, pytest.raises(DeviceError, match=r"no answer to \*IDN\?"):
        meter.open()


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("/dev/ttyNothing", "scpi:/dev/ttyNothing: no such port"),
        ("socket://127.0.0.1:9", "scpi:socket://127.0.0.1:9: cannot be opened"),
    ],
)
def test_a_port_that_is_not_there_is_told_with_the_meter_s_name(port: str, message: str) -> None:
    with open_meter(f"scpi:{port}") as meter, pytest.raises(DeviceError, match=message):
        meter.open()


def test_an_instrument_that_is_unplugged_says_so(any_wire: Callable[[], Wire]) -> None:
    instrument = ScpiInstrument(any_wire())
    with meter_on(instrument) as meter:
        meter.open()
        meter.start()
        instrument.unplug()
        with pytest.raises(DeviceError, match=r"scpi:.*: the line is gone; check the cable"):
            meter.stop()
        with pytest.raises(DeviceError):
            meter.mark("load_begin")


def test_an_instrument_that_falls_silent_is_lost(instrument: ScpiInstrument) -> None:
    with meter_on(instrument) as meter:
        meter.open()
        meter.start()
        instrument.is_silent = True
        with pytest.raises(DeviceError, match=r"no samples for 0\.4 s"):
            meter.stop()


def test_ctrl_c_ends_the_thread_and_frees_the_port(instrument: ScpiInstrument) -> None:
    meter = meter_on(instrument)
    with pytest.raises(KeyboardInterrupt), meter:
        meter.open()
        meter.start()
        raise KeyboardInterrupt
    meter.close()
    assert not [thread for thread in threading.enumerate() if "scpi" in thread.name]
    with meter_on(instrument) as again:
        again.open()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("scpi:", "names no port; write for example scpi:"),
        ("scpi:/dev/ttyUSB0?periode=3", "no option 'periode'; there are baud, current"),
        ("scpi:/dev/ttyUSB0?period_ms=0", "period_ms is a number from 1 to 10000"),
        ("scpi:/dev/ttyUSB0?voltage_v=x", "voltage_v=x"),
    ],
)
def test_a_wrong_name_says_what_is_wrong(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_meter(name)

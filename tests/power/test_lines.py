# SPDX-License-Identifier: Apache-2.0
"""The meter of lines against a simulated instrument on a pseudo-terminal and on a socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from host_tools.errors import DataError, DeviceError, UsageError
from host_tools.power.lines import Lines
from host_tools.power.names import open_meter
from tests.power.bench_instruments import LineInstrument
from tests.power.wires import PtyWire, SocketWire, Wire
from tests.timing import in_real_time

pytestmark = in_real_time

Plug = Callable[..., LineInstrument]


@pytest.fixture
def plug() -> Iterator[Plug]:
    plugged: list[LineInstrument] = []

    def connect(
        row: Callable[[float], str], wire: Callable[[], Wire] = PtyWire, rate_hz: float = 200.0
    ) -> LineInstrument:
        plugged.append(LineInstrument(wire(), row, rate_hz))
        return plugged[-1]

    yield connect
    for instrument in plugged:
        instrument.unplug()


def meter_on(instrument: LineInstrument, options: str) -> Lines:
    meter = open_meter(f"lines:{instrument.port}?{options}")
    assert isinstance(meter, Lines)
    meter.silence_s = 0.4
    return meter


@pytest.mark.parametrize("wire", [PtyWire, SocketWire])
@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ("time_s,current_ma,voltage_v", lambda at_s: f"{at_s:.4f},81.25,3.7"),
        ("time_ms,V,uA", lambda at_s: f"{1e3 * at_s:.1f}; 3.7; 81250"),
        ("current_a,voltage_mv", lambda at_s: "0.08125\t3700"),
        ("channel,power_mw,voltage_v", lambda at_s: "1 300.625 3.7"),
    ],
)
def test_lines_are_recorded_by_their_columns(
    plug: Plug, wire: Callable[[], Wire], columns: str, row: Callable[[float], str]
) -> None:
    with meter_on(plug(row, wire), f"columns={columns}") as meter:
        meter.open()
        meter.start()
        meter.mark("load_begin")
        time.sleep(0.3)
        meter.mark("load_end")
        record = meter.stop()
    assert np.allclose(record.current_a, 0.08125)
    assert np.allclose(record.voltage_v, 3.7)
    assert record.period_s == pytest.approx(5e-3, rel=0.3)
    assert record.time_s[-1] >= record.marks[1].time_s
    assert record.time_s[0] <= record.marks[0].time_s + 0.01
    assert record.dropped_samples == 0


def test_a_supply_voltage_can_be_given(plug: Plug) -> None:
    with meter_on(plug(lambda _: "81.25"), "columns=mA&voltage_v=4.2") as meter:
        meter.open()
        meter.start()
        record = meter.stop()
    assert np.allclose(record.power_mw, 81.25 * 4.2)


def test_the_instrument_s_clock_is_compared_with_this_computer_s(
    plug: Plug, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.power.clock.LEAST_SPAN_S", 1.0)
    instrument = plug(lambda at_s: f"{1000 + at_s:.4f},81.25,3.7", rate_hz=500.0)
    instrument.clock_rate = 1.05
    with meter_on(instrument, "columns=time_s,current_ma,voltage_v") as meter:
        meter.open()
        meter.start()
        meter.mark("load_begin")
        time.sleep(1.5)
        meter.mark("load_end")
        record = meter.stop()
    assert record.clock_error_ppm == pytest.approx(50_000, rel=0.2)
    assert record.period_s == pytest.approx(1 / (500 * 1.05), rel=0.02)


def test_the_first_line_may_be_half_a_line_and_does_not_count(plug: Plug) -> None:
    instrument = plug(lambda _: "81.25")
    instrument.is_silent, instrument.end_of_a_line = True, "1.25\r\n"
    with meter_on(instrument, "columns=mA&voltage_v=3.7") as meter:
        meter.open()
        threading.Timer(0.1, setattr, (instrument, "is_silent", False)).start()
        meter.start()
        record = meter.stop()
    assert np.allclose(record.current_a, 0.08125)
    assert record.dropped_samples == 0


def test_comments_headings_and_a_slip_are_no_samples(plug: Plug) -> None:
    instrument = plug(lambda at_s: f"{at_s:.4f},81.25,3.7")
    with meter_on(instrument, "columns=time_s,current_ma,voltage_v") as meter:
        meter.open()
        meter.start()
        instrument.insert.extend(["# range changed", "0.13,8"])
        time.sleep(0.4)
        record = meter.stop()
    assert record.dropped_samples == 1
    assert np.allclose(record.current_a, 0.08125)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (lambda _: "81.25", "cannot read 20 lines in a row, the last was '81.25'"),
        (lambda _: "time,current,voltage", "the last was 'time,current,voltage'"),
        (lambda _: "\x00\xff\x07~", "check the baud rate"),
    ],
)
def test_lines_of_another_kind_end_the_recording(
    plug: Plug, row: Callable[[float], str], message: str
) -> None:
    with meter_on(plug(row), "columns=time_s,current_ma,voltage_v") as meter:
        meter.open()
        with pytest.raises(DataError, match=message):
            meter.start()


def test_bytes_without_line_ends_end_the_recording(plug: Plug) -> None:
    instrument = plug(lambda _: "81.25", rate_hz=10.0)
    with meter_on(instrument, "columns=mA&voltage_v=3.7") as meter:
        meter.open()
        meter.start()
        instrument.row = lambda _: "x" * 20_000
        with pytest.raises(DataError, match=r"sends no lines but b'xxx.*check the baud rate"):
            meter.stop()


def test_too_large_a_part_of_bad_lines_is_refused(plug: Plug) -> None:
    instrument = plug(lambda at_s: "81.25" if int(at_s * 200) % 10 else "E07")
    with meter_on(instrument, "columns=mA&voltage_v=3.7") as meter:
        meter.open()
        meter.start()
        time.sleep(0.4)
        with pytest.raises(DataError, match=r"cannot read \d+ of \d+ lines, the last was 'E07'"):
            meter.stop()


def test_an_instrument_that_is_unplugged_says_so(plug: Plug) -> None:
    instrument = plug(lambda _: "81.25")
    with meter_on(instrument, "columns=mA&voltage_v=3.7") as meter:
        meter.open()
        meter.start()
        instrument.unplug()
        with pytest.raises(DeviceError, match=r"lines:.*: the line is gone"):
            meter.stop()


def test_an_instrument_that_sends_nothing_is_told(plug: Plug) -> None:
    instrument = plug(lambda _: "81.25")
    instrument.is_silent = True
    with meter_on(instrument, "columns=mA&voltage_v=3.7") as meter:
        meter.open()
        with pytest.raises(DeviceError, match=r"no samples for 0\.4 s; check its power and cable"):
            meter.start()


def test_an_instrument_whose_clock_jumps_back_is_refused(plug: Plug) -> None:
    instrument = plug(lambda at_s: f"{at_s % 0.25:.4f},81.25")
    with meter_on(instrument, "columns=time_s,mA&voltage_v=3.7") as meter:
        meter.open()
        meter.start()
        time.sleep(0.5)
        with pytest.raises(DataError, match=r"its time does not rise: 0 s after 0\.\d+ s"):
            meter.mark("load_begin")


def test_ctrl_c_ends_the_thread_and_frees_the_port(plug: Plug) -> None:
    instrument = plug(lambda _: "81.25")
    meter = meter_on(instrument, "columns=mA&voltage_v=3.7")
    with pytest.raises(KeyboardInterrupt), meter:
        meter.open()
        meter.start()
        raise KeyboardInterrupt
    assert not [thread for thread in threading.enumerate() if "lines" in thread.name]
    with meter_on(instrument, "columns=mA&voltage_v=3.7") as again:
        again.open()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lines:?columns=a,v", "names no port"),
        ("lines:/dev/ttyUSB0", "lacks columns="),
        ("lines:/dev/ttyUSB0?columns=a", "no column of voltage"),
        ("lines:/dev/ttyUSB0?columns=voltage_v", "no column of current or power"),
        ("lines:/dev/ttyUSB0?columns=current,voltage_v", "'current' names no unit"),
        ("lines:/dev/ttyUSB0?columns=current_a,current_ma,v", "all hold current"),
    ],
)
def test_a_wrong_name_says_what_is_wrong(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_meter(name)

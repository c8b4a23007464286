# SPDX-License-Identifier: Apache-2.0
"""The Joulescope meter against a stand-in for the driver's module, and the driver with no meter.

The stand-in works at the level of the driver's publish and subscribe: topics, message shapes and
errors. What lies below (USB, the instrument's own protocol) is the maker's and not simulated.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools.errors import DataError, DeviceError, MissingDependency, UsageError
from host_tools.power.joulescope import Joulescope
from host_tools.power.names import open_meter
from tests.needs import need
from tests.timing import in_real_time

pytestmark = in_real_time

STAND_IN = Path(__file__).with_name("joulescope_driver")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """One JS220 is connected."""
    monkeypatch.delitem(sys.modules, "pyjoulescope_driver", raising=False)
    monkeypatch.syspath_prepend(str(STAND_IN))
    module = importlib.import_module("pyjoulescope_driver")
    assert str(module.__file__).startswith(str(STAND_IN))
    module.BENCH.paths = ["u/js220/001234"]
    yield module.BENCH
    sys.modules.pop("pyjoulescope_driver")


def js(rest: str = "") -> Joulescope:
    meter = open_meter(f"joulescope:{rest}")
    assert isinstance(meter, Joulescope)
    meter.silence_s = 0.3
    return meter


@pytest.mark.parametrize("model", ["js110", "js220", "js320"])
def test_the_mean_power_of_the_instrument_is_recorded(bench: Any, model: str) -> None:
    bench.paths = [f"u/{model}/001234"]
    bench.load = (0.250, 3.60, 0.891)  # the voltage sags when the current is high
    with js() as meter:
        facts = meter.open()
        meter.start()
        meter.mark("idle_begin")
        time.sleep(0.5)
        meter.mark("idle_end")
        record = meter.stop()
    assert facts.name == f"joulescope:{model}/001234"
    assert np.allclose(record.power_mw, 891.0)
    assert np.allclose(record.voltage_v, 3.60)
    assert record.period_s == pytest.approx(0.05, rel=0.01)
    assert record.time_s[0] <= record.marks[0].time_s + 0.025
    assert record.time_s[-1] >= record.marks[1].time_s
    assert (record.dropped_samples, record.saturated_samples) == (0, 0)


def test_statistics_that_did_not_come_are_counted(bench: Any) -> None:
    with js() as meter:
        meter.open()
        meter.start()
        bench.skip_blocks = 3
        time.sleep(0.4)
        record = meter.stop()
    assert record.dropped_samples == 3
    assert record.longest_gap_s == pytest.approx(0.2, rel=0.01)


def test_blocks_with_a_current_beyond_the_range_are_counted(bench: Any) -> None:
    with js() as meter:
        meter.open()
        meter.start()
        bench.peak_a = 10.2
        time.sleep(0.2)
        record = meter.stop()
    assert 3 <= record.saturated_samples <= len(record.time_s)


def test_a_value_that_is_no_number_is_dropped(bench: Any) -> None:
    with js() as meter:
        meter.open()
        meter.start()
        bench.load = (float("nan"),) * 3
        time.sleep(0.2)
        bench.load = (0.1, 3.7, 0.37)
        record = meter.stop()
    assert record.dropped_samples >= 3
    assert np.allclose(record.current_a, 0.1)


def test_a_clock_that_runs_slow_is_told(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host_tools.power.clock.LEAST_SPAN_S", 1.0)
    bench.clock_rate = 0.9
    with js() as meter:
        meter.open()
        meter.start()
        time.sleep(1.5)
        record = meter.stop()
    assert record.clock_error_ppm == pytest.approx(-100_000, rel=0.2)
    assert record.period_s == pytest.approx(0.05 / 0.9, rel=0.02)


def test_a_joulescope_that_is_unplugged_says_so(bench: Any) -> None:
    with js() as meter:
        meter.open()
        meter.start()
        bench.is_unplugged = True
        with pytest.raises(DeviceError, match=r"joulescope:js220/001234: no samples for 0\.3 s"):
            meter.stop()
        with pytest.raises(DeviceError, match="no samples"):
            meter.mark("load_begin")
    assert bench.drivers == 0


def test_one_of_several_is_picked_by_its_serial_number(bench: Any) -> None:
    bench.paths = ["u/js220/001234", "u/js220/005678", "u/js110/000042"]
    for rest in ("005678", "js220/005678", "u/js220/005678"):
        with js(rest) as meter:
            assert meter.open().name == "joulescope:js220/005678"
    with js() as meter, pytest.raises(UsageError, match="name one: joulescope:000042, joulescope:"):
        meter.open()
    with js("009999") as meter, pytest.raises(DeviceError, match="not connected; there is"):
        meter.open()


def test_a_joulescope_in_use_by_another_program_says_so(bench: Any) -> None:
    bench.is_busy = True
    with js() as meter, pytest.raises(DeviceError, match="close other programs that use it"):
        meter.open()


def test_messages_of_an_unknown_shape_end_the_recording(bench: Any) -> None:
    bench.has_other_shape = True
    with js() as meter:
        meter.open()
        with pytest.raises(DataError, match="unknown shape"):
            meter.start()


def test_ctrl_c_stops_the_statistics_and_frees_the_driver(bench: Any) -> None:
    meter = js()
    with pytest.raises(KeyboardInterrupt), meter:
        meter.open()
        meter.start()
        raise KeyboardInterrupt
    meter.close()
    assert bench.published["u/js220/001234/s/stats/ctrl"] == 0
    assert (bench.open_paths, bench.drivers) == (set(), 0)
    assert not [thread for thread in threading.enumerate() if thread.name == "js statistics"]


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyjoulescope_driver", None)
    with js() as meter, pytest.raises(MissingDependency, match=r"pip install -e '\.\[power\]'"):
        meter.open()


def test_the_maker_s_driver_finds_no_joulescope_here() -> None:
    need(
        importlib.util.find_spec("pyjoulescope_driver") is not None,
        "no pyjoulescope-driver: pip install -e '.[power]'",
    )
    with js("000000") as meter, pytest.raises(DeviceError) as caught:
        meter.open()
    assert "joulescope:000000: no" in str(caught.value)  # no Joulescope, or not this one
    assert "\n" not in str(caught.value)


def test_options_are_refused() -> None:
    with pytest.raises(UsageError, match="no options; write for example joulescope:001234"):
        open_meter("joulescope:?rate=5")

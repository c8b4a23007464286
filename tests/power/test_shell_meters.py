# SPDX-License-Identifier: Apache-2.0
"""Meters that a device itself has, read by its shell while a load goes on and off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.errors import DataError, DeviceError, MeasurementInvalid, UsageError
from host_tools.power.energy import PowerFigures, power_figures
from host_tools.power.gauge import GaugeMeter
from host_tools.power.hwmon import HwmonMeter
from host_tools.power.names import open_meter
from host_tools.power.pmic import PmicMeter
from host_tools.power.rails import RailsMeter
from host_tools.power.recording import Recording
from host_tools.power.shell_meter import ShellMeter
from tests.power.simulated_board import SimulatedBoard
from tests.timing import in_real_time

pytestmark = in_real_time

Board = Callable[[Callable[[bool, float], dict[str, str]]], SimulatedBoard]


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    made: list[SimulatedBoard] = []

    def make(files: Callable[[bool, float], dict[str, str]]) -> SimulatedBoard:
        made.append(SimulatedBoard(tmp_path, files))
        return made[-1]

    yield make
    for one in made:
        one.close()


def record(meter: ShellMeter, board: SimulatedBoard, block_s: float, pairs: int = 1) -> Recording:
    """Idle and load in turn under an open meter."""
    meter.start()
    for number in range(2 * pairs + 1):
        board.load = number % 2 == 1
        meter.mark("load_begin" if board.load else "idle_begin")
        time.sleep(block_s)
        meter.mark("load_end" if board.load else "idle_end")
    return meter.stop()


def measured(
    meter: ShellMeter, board: SimulatedBoard, block_s: float, pairs: int = 1
) -> PowerFigures:
    """Figures of an opened meter."""
    with meter:
        facts = meter.open()
        found = record(meter, board, block_s, pairs)
    return power_figures(found, settle_s=min(facts.settle_s, block_s / 4))


GAUGE = "sys/class/power_supply/battery"
BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: {usb}
  Wireless powered: false
  status: 3
  level: 60
  scale: 100
  voltage: 3900
"""


def phone(sign: int, unit: int) -> Callable[[bool, float], dict[str, str]]:
    """A battery of 3.9 V that gives 300 mA, 320 mA under load, and a little more each second."""

    def files(load: bool, uptime_s: float) -> dict[str, str]:
        current_ma = (320 if load else 300) + 2 * (int(4 * uptime_s) % 2)
        return {
            f"{GAUGE}/type": "Battery",
            f"{GAUGE}/status": "Discharging",
            f"{GAUGE}/current_now": str(sign * unit * current_ma),
            f"{GAUGE}/voltage_now": "3900000",
        }

    return files


@pytest.mark.slow
@pytest.mark.parametrize(("sign", "unit"), [(-1, 1000), (1, 1)])
def test_a_phones_gauge_is_understood_whatever_its_sign_and_unit(
    board: Board, sign: int, unit: int
) -> None:
    there = board(phone(sign, unit))
    there.add_program("dumpsys", f"cat <<'END'\n{BATTERY.format(usb='false')}END\n")
    figures = measured(GaugeMeter(there), there, block_s=4.0)
    assert figures.mw_above_idle == pytest.approx(20 * 3.9, abs=figures.uncertainty_mw + 4)
    assert figures.idle_mw == pytest.approx(301 * 3.9, rel=0.01)


@pytest.mark.slow
def test_a_phone_that_a_cable_feeds_has_unknown_power(board: Board) -> None:
    there = board(phone(-1, 1000))
    there.add_program("dumpsys", f"cat <<'END'\n{BATTERY.format(usb='true')}END\n")
    meter = GaugeMeter(there)
    meter.open()
    with pytest.raises(MeasurementInvalid, match="power is unknown: the phone is fed by USB"):
        record(meter, there, block_s=0.5)


def sensor(load: bool, uptime_s: float) -> dict[str, str]:
    """An INA219 beside another chip; 5 V, 400 mA and 100 mA more under load."""
    return {
        "sys/class/hwmon/hwmon0/name": "cpu_thermal",
        "sys/class/hwmon/hwmon1/name": "ina219",
        "sys/class/hwmon/hwmon1/curr1_input": "500" if load else "400",
        "sys/class/hwmon/hwmon1/in1_input": "5000",
        "sys/class/hwmon/hwmon1/update_interval": "10",
    }


def test_a_current_sensor_on_the_boards_bus(board: Board) -> None:
    there = board(sensor)
    meter = HwmonMeter(there)
    figures = measured(meter, there, block_s=1.2)
    assert figures.mw_above_idle == pytest.approx(500.0, rel=0.01)
    assert meter.open().resolution_ma == 1.0 and meter.open().name == "hwmon:ina219"


def test_of_several_sensors_one_must_be_named(board: Board) -> None:
    def two(load: bool, uptime_s: float) -> dict[str, str]:
        third = "sys/class/hwmon/hwmon2"
        channels = {f"{third}/curr2_input": "70", f"{third}/in2_input": "3300"}
        return {**sensor(load, uptime_s), f"{third}/name": "ina3221", **channels}

    there = board(two)
    with pytest.raises(
        DeviceError, match=r"hwmon: 2 current sensors.*name one, such as hwmon:ina219"
    ):
        HwmonMeter(there, channel=2).open()
    with HwmonMeter(there, "ina3221", channel=2) as meter:
        meter.open()
        found = record(meter, there, block_s=0.3)
    assert found.current_a.max() == pytest.approx(0.07) and found.voltage_v.max() == 3.3
    with pytest.raises(DeviceError, match="is its driver loaded"):
        HwmonMeter(Silent()).open()


class Silent:
    """A shell on which nothing is found."""

    def run(self, command: str, /) -> str | None:
        return ""


@pytest.mark.parametrize(
    ("meter", "words"),
    [
        (GaugeMeter(Silent()), "gauge: the device shows no gauge of one battery"),
        (RailsMeter(Silent()), "rails: the device shows no energy of CPU rails"),
        (PmicMeter(Silent()), "pmic: vcgencmd pmic_read_adc tells no rails"),
        (HwmonMeter(Silent()), "hwmon: 0 current sensors"),
    ],
)
def test_a_meter_that_is_not_there_says_so(meter: ShellMeter, words: str) -> None:
    with pytest.raises(DeviceError, match=words):
        meter.open()


def pi5(load: bool, uptime_s: float) -> dict[str, str]:
    core_a = 1.2 if load else 1.0
    return {
        "adc": f"VDD_CORE_A current(7)={core_a:.8f}A\n3V3_SYS_A current(1)=0.10000000A\n"
        "VDD_CORE_V volt(15)=0.80000000V\n3V3_SYS_V volt(9)=3.30000000V\nEXT5V_V volt(24)=5.1V"
    }


def test_the_rails_of_a_raspberry_pi_5_are_added_up(board: Board) -> None:
    there = board(pi5)
    there.add_program("vcgencmd", '[ "$1" = pmic_read_adc ] && cat $ROOT/adc')
    figures = measured(PmicMeter(there), there, block_s=1.5)
    assert figures.idle_mw == pytest.approx(800 + 330, rel=0.01)
    assert figures.mw_above_idle == pytest.approx(160, rel=0.02)


def pixel() -> Callable[[bool, float], dict[str, str]]:
    """Two meters with a CPU rail each and another rail; 200 mW, 300 mW under load."""
    total = {"uws": 1e6, "at_s": -1.0}

    def files(load: bool, uptime_s: float) -> dict[str, str]:
        if total["at_s"] >= 0:
            total["uws"] += (300e3 if load else 200e3) * (uptime_s - total["at_s"])
        total["at_s"] = uptime_s
        half, time_ms = int(total["uws"] / 2), int(uptime_s * 1e3)
        return {
            f"sys/bus/iio/devices/iio:device{number}/energy_value": f"t={time_ms}\n"
            f"CH0(T={time_ms})[S{number}M_VDD_CPUCL{number}], {half}\n"
            f"CH1(T={time_ms})[S9M_VDD_GPU{number}], 99"
            for number in (0, 1)
        }

    return files


def test_the_cpu_rails_of_a_phone_are_added_up_and_others_left_out(board: Board) -> None:
    there = board(pixel())
    meter = RailsMeter(there, period_s=0.1)
    figures = measured(meter, there, block_s=2.0)
    assert figures.idle_mw == pytest.approx(200, rel=0.05)
    assert figures.mw_above_idle == pytest.approx(100, rel=0.05)
    assert meter.open().name == "rails:S0M_VDD_CPUCL0+S1M_VDD_CPUCL1"


def test_marks_stand_on_the_devices_clock(board: Board) -> None:
    there = board(sensor)
    with HwmonMeter(there) as meter:
        meter.open()
        found = record(meter, there, block_s=0.4)
    first, last = found.marks[0], found.marks[-1]
    assert last.time_s - first.time_s == pytest.approx(1.2, abs=0.1)
    assert found.time_s[0] - 0.5 <= first.time_s <= found.time_s[0] + 0.5
    assert 0.005 <= first.uncertainty_s <= 0.1


def test_a_device_that_is_lost_in_the_middle_says_so(board: Board) -> None:
    there = board(sensor)
    with HwmonMeter(there) as meter:
        meter.open()
        meter.start()
        there.lost = True
        with pytest.raises(DeviceError, match="hwmon: the device's shell does not answer any more"):
            for _ in range(100):
                meter.mark("idle_begin")
                time.sleep(0.05)


def test_readings_that_make_no_sense_are_dropped_and_too_few_refused(board: Board) -> None:
    def broken(load: bool, uptime_s: float) -> dict[str, str]:
        return {**sensor(load, uptime_s), "sys/class/hwmon/hwmon1/in1_input": "n/a"}

    there = board(sensor)
    meter = HwmonMeter(there)
    meter.open()
    there._files = broken
    with pytest.raises(DataError, match=r"hwmon: \d readings that make sense, 3 needed"), meter:
        record(meter, there, block_s=0.2)


@pytest.mark.parametrize("name", ["gauge", "rails", "pmic", "hwmon"])
def test_a_device_without_a_shell_has_no_meter_of_its_own(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}: that meter is read by the device's own shell"):
        open_meter(name, None)

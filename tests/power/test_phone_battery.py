# SPDX-License-Identifier: Apache-2.0
"""What makers make of ``dumpsys battery`` and of the kernel's power supplies."""

from __future__ import annotations

import pytest

from host_tools.devices.reading_text import millivolts
from host_tools.measure.phone_files import FetchedFiles
from host_tools.power.phone_battery import PhoneBattery, parse_battery
from host_tools.power.phone_supplies import (
    FOLDER,
    PowerSupply,
    battery_gauge,
    battery_status,
    parse_uevent,
    read_supplies,
)
from tests.measure.phone_shell import text


def test_a_phone_on_battery() -> None:
    assert parse_battery(text("battery_plain")) == PhoneBattery(
        level_percent=52.0,
        status="discharging",
        powered_by=(),
        temperature_c=26.4,
        voltage_mv=3871,
        charge_counter_uah=2_210_500,
    )


def test_a_level_counted_to_50_and_a_voltage_in_microvolts() -> None:
    seen = parse_battery(text("battery_scale_50"))
    assert seen is not None
    assert (seen.level_percent, seen.voltage_mv) == (98.0, 4312)
    assert (seen.status, seen.powered_by) == ("full", ("dock",))


def test_the_lines_that_samsung_adds_replace_none_of_androids() -> None:
    seen = parse_battery(text("battery_samsung"))
    assert seen is not None
    assert seen.voltage_mv == 4021 and seen.charge_counter_uah == 2_904_211
    assert seen.current_now == 812, "without a unit"
    assert (seen.status, seen.powered_by, seen.level_percent) == ("charging", ("USB",), 66.0)


def test_a_log_behind_the_state_is_of_the_past() -> None:
    seen = parse_battery(text("battery_xiaomi"))
    assert seen is not None
    assert (seen.level_percent, seen.status, seen.powered_by) == (80.0, "not charging", ("AC",))
    assert seen.voltage_mv is None, "only the log has one"


def test_a_state_that_someone_holds_is_marked_and_a_makers_section_skipped() -> None:
    seen = parse_battery(text("battery_oppo_frozen"))
    assert seen is not None
    assert seen.is_frozen and seen.level_percent == 71.0


@pytest.mark.parametrize("answer", [None, "", "Can't find service: battery", text("battery_help")])
def test_no_state_of_a_battery(answer: str | None) -> None:
    assert parse_battery(answer) is None


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        *(("level: 101", None), ("level: -1", None), ("level: 7\n  scale: 0", None)),
        *(("level: 7\n  scale: 7", 100.0), ("level: seven", None), ("level: 7", 7.0)),
    ],
)
def test_levels(entry: str, value: float | None) -> None:
    seen = parse_battery(f"Current Battery Service state:\n  {entry}\n")
    assert seen is not None and seen.level_percent == value


def test_absurd_readings_are_none() -> None:
    state = "Current Battery Service state:\n status: 9\n temperature: 9999\n voltage: 4\n"
    assert parse_battery(f"{state} Charge counter: -2147483648\n") == PhoneBattery()


@pytest.mark.parametrize(
    ("raw", "voltage_mv"),
    [(3871, 3871), (3_871_456, 3871), (8600, 8600), (4, None), (0, None), (-3800, None)],
)
def test_voltages_in_either_unit(raw: int, voltage_mv: int | None) -> None:
    assert millivolts(raw) == voltage_mv


def test_a_supply_by_its_uevent_and_by_its_files() -> None:
    files = FetchedFiles(
        {
            f"{FOLDER}/bms/uevent": "NAME=bms\nCURRENT_NOW=-1\nVOLTAGE_NOW=4137440\nodd\n",
            f"{FOLDER}/bms/current_now": "410233\n",
            f"{FOLDER}/bms/type": "BMS\n",
            f"{FOLDER}/bms/status": "Not charging\n",
            f"{FOLDER}/usb/uevent": "",
        }
    )
    [supply] = read_supplies(files)
    assert supply == PowerSupply("bms", "BMS", "not charging", 410_233, 4137)


def test_uevents_with_and_without_a_prefix() -> None:
    expected = {"status": "Charging", "current_now": "-326171"}
    assert parse_uevent("STATUS=Charging\nCURRENT_NOW=-326171") == expected
    assert parse_uevent("POWER_SUPPLY_STATUS=Charging\nPOWER_SUPPLY_CURRENT_NOW=-326171\n") == (
        expected
    )


def test_the_gauge_is_the_battery_not_the_charger() -> None:
    charger = PowerSupply("usb", "USB", current_now=900_000)
    battery = PowerSupply("battery", "Battery", current_now=-300_000)
    gauge = PowerSupply("maxfg", "Battery", current_now=-300_100)
    assert battery_gauge((charger, gauge, battery)) == battery
    assert battery_gauge((charger, gauge)) == gauge
    assert battery_gauge((charger,)) is None


def test_a_gauge_without_a_status_leaves_it_to_the_battery() -> None:
    gauge = PowerSupply("bms", "BMS", current_now=410_000)
    battery = PowerSupply("battery", "Battery", status="discharging")
    assert battery_gauge((battery, gauge)) == gauge
    assert battery_status((battery, gauge)) == "discharging"
    assert battery_status((gauge, PowerSupply("usb", "USB", status="charging"))) is None


def test_of_two_batteries_neither_tells_the_current() -> None:
    halves = tuple(PowerSupply(name, "Battery", current_now=5) for name in ("bat_a", "bat_b"))
    assert battery_gauge(halves) is None and battery_gauge(halves[:1]) == halves[0]

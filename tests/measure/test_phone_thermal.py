# SPDX-License-Identifier: Apache-2.0
"""What phones tell about their heat and their screen."""

from __future__ import annotations

import pytest

from host_tools.measure.phone_screen import parse_screen
from host_tools.measure.phone_thermal import STATUS_NAMES, parse_thermal
from tests.measure.phone_shell import text


def test_a_cool_pixel_by_its_present_values() -> None:
    seen = parse_thermal(text("thermal_pixel"))
    assert seen is not None and seen.temperatures is not None and seen.cooling is not None
    assert (seen.status, seen.status_name, seen.has_hal, seen.is_set) == (0, "none", True, False)
    assert [(one.name, one.kind_name, one.temperature_c) for one in seen.temperatures] == [
        ("BIG", "CPU", 41.300003),
        ("LITTLE", "CPU", 39.0),
        ("VIRTUAL-SKIN", "skin", 31.25),
        ("VIRTUAL-SKIN, BACK", "skin", 30.5),
        ("battery", "battery", 27.1),
    ], "neither cached ones nor a charge in percent"
    assert seen.skin_c == 31.25
    assert [(one.name, one.level, one.is_cpu) for one in seen.cooling] == [
        ("thermal-cpufreq-0", 0, True),
        ("thermal-gpufreq-0", 1, False),
    ]


def test_a_hot_xiaomi_without_cooling_devices() -> None:
    seen = parse_thermal(text("thermal_xiaomi_hot"))
    assert seen is not None and seen.temperatures is not None
    assert (seen.status_name, seen.skin_c, seen.cooling) == ("moderate", 44.75, None)
    assert [one.name for one in seen.temperatures] == ["CPU", "SKIN"], "no NaN, none below 0 K"


def test_a_phone_whose_sensors_do_not_answer() -> None:
    seen = parse_thermal(text("thermal_no_hal"))
    assert seen is not None
    assert seen.has_hal is False and seen.temperatures is None and seen.skin_c is None


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        "Can't find service: thermalservice",
        "Permission Denial: can't dump thermalservice",
    ],
)
def test_a_phone_without_the_service(answer: str | None) -> None:
    assert parse_thermal(answer) is None


@pytest.mark.parametrize("status", range(7))
def test_every_status_has_a_name(status: int) -> None:
    seen = parse_thermal(f"IsStatusOverride: true\nThermal Status: {status}\n")
    assert seen is not None and seen.is_set and seen.status_name == STATUS_NAMES[status]


@pytest.mark.parametrize("status", ["7", "-1", "hot"])
def test_a_status_that_android_does_not_know(status: str) -> None:
    seen = parse_thermal(f"Thermal Status: {status}\nHAL Ready: true\n")
    assert seen is not None and seen.status is None and seen.status_name is None


@pytest.mark.parametrize(
    ("answer", "screen"),
    [
        (text("power_awake"), "on"),
        (text("power_asleep"), "off"),
        (text("power_dozing"), "dim"),
        (text("deviceidle_off"), "off"),
        (text("power_awake") + text("deviceidle_off"), "on"),
        ("Display Power: state=OFF\nmWakefulness=Awake", "off"),
        ("Display Power: state=OFF\nDisplay Power: state=ON", "on"),
        ("Display Power: state=UNKNOWN\nmScreenOn=true", "on"),
        ("mWakefulness=Strange", None),
        ("", None),
        (None, None),
    ],
)
def test_screens(answer: str | None, screen: str | None) -> None:
    assert parse_screen(answer) == screen

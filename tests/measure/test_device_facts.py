# SPDX-License-Identifier: Apache-2.0
"""What a result records of the device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from host_tools.measure.board_readings import Snapshot
from host_tools.measure.device_facts import device_facts
from host_tools.measure.phone_readings import PhoneSnapshot
from tests.devices.board_tree import unpack, write
from tests.measure.phone_shell import PROCESS, pixel


def test_a_phone_is_told_by_what_it_says_of_itself() -> None:
    phone = PhoneSnapshot.take(pixel(), PROCESS)
    facts = device_facts(phone, phone)
    assert facts["phone"] == "Google Pixel 99a"
    assert facts["android"].startswith("16") and facts["screen"] == "off"
    assert "discharging" in facts["battery"] and facts["thermal_status"] == "none"
    assert "MHz" in facts["clocks"]


def test_what_changed_during_the_runs_is_told_from_and_to(tmp_path: Path) -> None:
    files = unpack("pi5", tmp_path)
    before = Snapshot.take(files)
    write(tmp_path, "/sys/class/thermal/thermal_zone0/temp", "61000")
    facts = device_facts(before, Snapshot.take(files))
    assert facts["temperature"] == "51.2 C (cpu-thermal) -> 61.0 C (cpu-thermal)"
    assert facts["board"].startswith("Raspberry Pi 5") and facts["cores"] == "4 x Cortex-A76"
    assert facts["throttling"] == "none"
    assert "performance" in facts["clocks"] and " -> " not in facts["clocks"]


def test_a_device_that_tells_nothing_has_no_facts() -> None:
    assert device_facts(None, None) == {}
    assert device_facts(Snapshot(), replace(Snapshot())) == {}


def test_an_interrupted_measurement_keeps_the_facts_from_before(tmp_path: Path) -> None:
    before = Snapshot.take(unpack("pi5", tmp_path))
    assert device_facts(before, None)["cores"] == "4 x Cortex-A76"

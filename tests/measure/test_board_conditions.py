# SPDX-License-Identifier: Apache-2.0
"""What readings of boards and phones make of a measurement."""

from __future__ import annotations

from pathlib import Path

from host_tools.devices import host
from host_tools.devices.board_files import LocalFiles
from host_tools.measure.board_conditions import conditions, look_at
from host_tools.measure.board_readings import Snapshot
from host_tools.measure.phone_readings import PhoneSnapshot
from tests.devices.board_tree import board_at, unpack
from tests.measure.fake_device import Behaviour, FakeDevice
from tests.measure.phone_shell import PROCESS, pixel, text


def test_a_device_that_tells_nothing_has_no_conditions(tmp_path: Path) -> None:
    device = FakeDevice(Behaviour())
    assert look_at(device) is None
    device.board_files, device.name = LocalFiles(tmp_path), host.NAME
    assert look_at(device) is None  # this computer is no board
    assert conditions(None, None) == ([], [])


def test_a_throttled_board_breaks_a_rule(tmp_path: Path) -> None:
    device = FakeDevice(Behaviour())
    unpack("pi4_throttled", tmp_path)
    device.board_files = board_at(tmp_path)
    readings = look_at(device)
    assert isinstance(readings, Snapshot)
    kept, _ = conditions(readings, readings)
    assert not {rule.name: rule.ok for rule in kept}["not_throttled"]


def test_a_phone_at_a_cable_is_noted_and_a_hot_one_breaks_a_rule() -> None:
    device = FakeDevice(Behaviour())
    device.phone_shell = pixel()
    assert isinstance(look_at(device), PhoneSnapshot)
    files = text("files").replace("STATUS=Discharging", "STATUS=Charging")
    cool = PhoneSnapshot.take(pixel(), PROCESS)
    charging = PhoneSnapshot.take(pixel(files=files, battery=text("battery_samsung")), PROCESS)
    kept, notes = conditions(cool, charging)
    assert "not_charging" not in {rule.name for rule in kept}
    assert any(note.startswith("not_charging: fed by USB") for note in notes)
    assert {"thermal_status", "cores_not_throttled"} <= {rule.name for rule in kept}

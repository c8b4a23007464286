# SPDX-License-Identifier: Apache-2.0
"""Rules for runs on phones, from readings before and after them."""

from __future__ import annotations

import pytest

from host_tools.measure.phone_readings import PhoneSnapshot
from host_tools.measure.phone_rules import ONLY_FOR_POWER, rules
from host_tools.measure.validity import Rule
from tests.measure.phone_shell import PROCESS, TextShell, pixel, text


def seen(**changes: str) -> PhoneSnapshot:
    return PhoneSnapshot.take(pixel(**changes), PROCESS)


def judged(before: PhoneSnapshot, after: PhoneSnapshot) -> tuple[dict[str, Rule], list[str]]:
    kept, notes = rules(before, after)
    named = {rule.name: rule for rule in kept}
    assert len(named) == len(kept)
    return named, notes


def test_a_cool_phone_on_battery_keeps_every_rule() -> None:
    found, notes = judged(seen(), seen())
    assert notes == []
    assert {name: rule.ok for name, rule in found.items()} == {
        "not_charging": True,
        "screen_off": True,
        "thermal_status": True,
        "cores_not_throttled": True,
    }
    assert found["thermal_status"].evidence == (
        "none (case 31.2 C) before, none (case 31.2 C) after the run"
    )
    assert set(ONLY_FOR_POWER) <= set(found)


@pytest.mark.parametrize(
    ("battery", "status", "evidence"),
    [
        ("battery_samsung", "Charging", "fed by USB after the run; battery charging after the run"),
        ("battery_xiaomi", "Not charging", "fed by AC after the run; battery not charging"),
        ("battery_scale_50", "Full", "fed by dock after the run; battery full after the run"),
        ("battery_samsung", "Discharging", "fed by USB after the run; unplug it"),
    ],
)
def test_charging_voids(battery: str, status: str, evidence: str) -> None:
    files = text("files").replace("STATUS=Discharging", f"STATUS={status}")
    found, _ = judged(seen(), seen(battery=text(battery), files=files))
    assert not found["not_charging"].ok
    assert evidence in found["not_charging"].evidence


def test_a_held_state_hides_no_charging() -> None:
    frozen = text("battery_oppo_frozen")
    charging = text("files").replace("STATUS=Discharging", "STATUS=Charging")
    found, notes = judged(seen(), seen(battery=frozen, files=charging))
    assert not found["not_charging"].ok
    assert "dumpsys battery reset" in notes[0]
    unknown, notes = judged(seen(), seen(battery=frozen))
    assert "not_charging" not in unknown
    assert notes[1] == "charging: discharging, but what feeds the phone is not readable"


@pytest.mark.parametrize(("screen", "word"), [("power_awake", "on"), ("power_dozing", "dim")])
def test_a_screen_that_is_not_off(screen: str, word: str) -> None:
    found, _ = judged(seen(), seen(screen=text(screen)))
    assert not found["screen_off"].ok
    assert found["screen_off"].evidence == f"off before, {word} after the run; turn it off"


@pytest.mark.parametrize(("status", "ok"), [(0, True), (1, True), (2, False), (6, False)])
def test_a_thermal_status_from_moderate_on_voids(status: int, ok: bool) -> None:
    hot = text("thermal_xiaomi_hot").replace("Status: 2", f"Status: {status}")
    found, _ = judged(seen(), seen(thermal=hot))
    assert found["thermal_status"].ok is ok
    assert ("let it cool down" in found["thermal_status"].evidence) is not ok


@pytest.mark.parametrize(
    ("thermal", "note"),
    [
        ("thermal_no_hal", "thermal status: the phone's sensors do not answer"),
        ("battery_help", "thermal status: not readable"),
    ],
)
def test_a_thermal_status_that_says_nothing(thermal: str, note: str) -> None:
    found, notes = judged(seen(), seen(thermal=text(thermal)))
    assert "thermal_status" not in found and notes[0].startswith(note)


def test_a_thermal_status_that_someone_set() -> None:
    held = text("thermal_pixel").replace("IsStatusOverride: false", "IsStatusOverride: true")
    found, notes = judged(seen(), seen(thermal=held))
    assert "thermal_status" not in found and "thermalservice reset" in notes[0]


def test_cores_that_are_held_down() -> None:
    capped = text("files").replace("scaling_max_freq\n2850000", "scaling_max_freq\n1900000")
    active = text("thermal_pixel").replace(
        "mValue=0, mType=2, mName=thermal", "mValue=3, mType=2, mName=thermal"
    )
    found, _ = judged(seen(), seen(files=capped, thermal=active))
    assert not found["cores_not_throttled"].ok
    assert found["cores_not_throttled"].evidence == (
        "thermal-cpufreq-0 at 3 after the run; policy1: limit fell from 2850 MHz to 1900 MHz"
    )
    found, notes = judged(seen(files=capped), seen(files=capped))
    assert found["cores_not_throttled"].ok, "a limit that stays may be the phone's habit"
    assert notes == ["policy1: limited to 1900 MHz of 2850 MHz"]


@pytest.mark.parametrize(("level", "noted"), [(14, True), (15, False)])
def test_a_low_battery_is_noted(level: int, noted: bool) -> None:
    low = text("battery_plain").replace("level: 52", f"level: {level}")
    found, notes = judged(seen(), seen(battery=low))
    assert all(rule.ok for rule in found.values())
    assert [note.startswith(f"battery level: {level} %") for note in notes] == [True] * noted


def test_a_phone_that_tells_nothing_breaks_nothing() -> None:
    silent = PhoneSnapshot.take(TextShell({}))
    found, notes = judged(silent, silent)
    assert found == {}
    assert notes == [
        f"{what}: not readable"
        for what in ("charging", "screen", "thermal status", "throttled cores", "battery level")
    ]


def test_a_restart_breaks_the_only_rule() -> None:
    found, notes = judged(seen(), seen(files=text("files").replace("abcd", "abce")))
    assert list(found) == ["same_boot"] and not found["same_boot"].ok and notes == []

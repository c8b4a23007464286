# SPDX-License-Identifier: Apache-2.0
"""Rules for timed runs on a phone, from what was read before and after them.

A phone that does not tell a reading breaks no rule: a note says that it is not readable.
"""

from __future__ import annotations

from host_tools.measure.board_readings import restarted
from host_tools.measure.phone_readings import PhoneSnapshot
from host_tools.measure.phone_thermal import STATUS_NAMES, PhoneThermal
from host_tools.measure.validity import Rule

MAX_THERMAL_STATUS = 1
"""From 2, "moderate", on a phone takes performance away."""

LOW_BATTERY_PERCENT = 15.0
"""Below it phones begin to save: Android offers it, makers slow the cores down."""

ONLY_FOR_POWER = ("not_charging", "screen_off")
"""Rules that a measurement of power must keep; one of CPU time over a cable cannot keep them."""


def rules(before: PhoneSnapshot, after: PhoneSnapshot) -> tuple[list[Rule], list[str]]:
    """Rules that can be judged, and notes: what could not be read, what else to know."""
    if restarted(before.board, after.board):
        return [Rule("same_boot", False, "the phone started anew between the readings")], []
    kept: list[Rule] = []
    notes: list[str] = []
    for judge in (_charging, _screen, _thermal, _cores, _level):
        rule, remarks = judge(before, after)
        kept += [] if rule is None else [rule]
        notes += remarks
    return kept, notes


_Judgement = tuple[Rule | None, list[str]]


def _charging(before: PhoneSnapshot, after: PhoneSnapshot) -> _Judgement:
    notes: list[str] = []
    if any(one.battery is not None and one.battery.is_frozen for one in (before, after)):
        notes = ["battery: someone holds its state; to release it: adb shell dumpsys battery reset"]
    seen = [
        f"{text} {when} the run"
        for when, one in (("before", before), ("after", after))
        for text in _feeding(one)
    ]
    if seen:
        advice = "unplug it and use adb over Wi-Fi"
        return Rule("not_charging", False, f"{'; '.join(seen)}; {advice}"), notes
    if before.status != "discharging" or after.status != "discharging":
        return None, [*notes, "charging: not readable"]
    if before.powered_by is None or after.powered_by is None:
        return None, [*notes, "charging: discharging, but what feeds the phone is not readable"]
    return Rule("not_charging", True, "on battery before and after the run"), notes


def _feeding(snapshot: PhoneSnapshot) -> list[str]:
    """What shows that the phone is fed from outside."""
    seen = []
    if snapshot.powered_by:
        seen.append(f"fed by {', '.join(snapshot.powered_by)}")
    if snapshot.status in ("charging", "full", "not charging"):
        seen.append(f"battery {snapshot.status}")
    return seen


def _screen(before: PhoneSnapshot, after: PhoneSnapshot) -> _Judgement:
    if before.screen is None or after.screen is None:
        return None, ["screen: not readable"]
    evidence = f"{before.screen} before, {after.screen} after the run"
    ok = before.screen == after.screen == "off"
    return Rule("screen_off", ok, evidence if ok else f"{evidence}; turn it off"), []


def _thermal(before: PhoneSnapshot, after: PhoneSnapshot) -> _Judgement:
    first, last = before.thermal, after.thermal
    notes = []
    if any(one is not None and one.is_set for one in (first, last)):
        notes = ["thermal status: someone set it; to undo: adb shell cmd thermalservice reset"]
    if first is None or last is None or first.status is None or last.status is None:
        return None, [*notes, "thermal status: not readable"]
    if notes:
        return None, notes
    if first.has_hal is False or last.has_hal is False:
        return None, ["thermal status: the phone's sensors do not answer, so it says nothing"]
    ok = max(first.status, last.status) <= MAX_THERMAL_STATUS
    evidence = f"{_heat(first)} before, {_heat(last)} after the run"
    advice = f"; below {STATUS_NAMES[MAX_THERMAL_STATUS + 1]} needed, let it cool down"
    return Rule("thermal_status", ok, evidence if ok else evidence + advice), []


def _heat(thermal: PhoneThermal) -> str:
    skin = "" if thermal.skin_c is None else f" (case {thermal.skin_c:.1f} C)"
    return f"{thermal.status_name}{skin}"


def _cores(before: PhoneSnapshot, after: PhoneSnapshot) -> _Judgement:
    """A lower limit than that of the chip is often the phone's habit; one that fell is none."""
    first = {policy.name: policy.max_khz for policy in before.board.policies or ()}
    policies = [policy for policy in after.board.policies or () if policy.max_khz is not None]
    devices = [
        (when, device)
        for when, one in (("before", before), ("after", after))
        for device in (one.thermal.cooling if one.thermal and one.thermal.cooling else ())
        if device.is_cpu
    ]
    if not policies and not devices:
        return None, ["throttled cores: not readable"]
    seen = [
        f"{device.name} at {device.level} {when} the run"
        for when, device in devices
        if device.level
    ]
    notes: list[str] = []
    for policy in policies:
        limit_khz, earlier_khz = policy.max_khz or 0, first.get(policy.name)
        if earlier_khz is not None and limit_khz < earlier_khz:
            seen.append(f"{policy.name}: limit fell from {_mhz(earlier_khz)} to {_mhz(limit_khz)}")
        elif limit_khz < (policy.hardware_max_khz or 0):
            highest = _mhz(policy.hardware_max_khz or 0)
            notes.append(f"{policy.name}: limited to {_mhz(limit_khz)} of {highest}")
    evidence = "; ".join(seen) or "no core was held down before or after, no limit fell"
    return Rule("cores_not_throttled", not seen, evidence), notes


def _level(before: PhoneSnapshot, after: PhoneSnapshot) -> _Judgement:
    known = [
        one.battery.level_percent
        for one in (before, after)
        if one.battery is not None and one.battery.level_percent is not None
    ]
    if not known:
        return None, ["battery level: not readable"]
    lowest = min(known)
    if lowest >= LOW_BATTERY_PERCENT:
        return None, []
    return None, [
        f"battery level: {lowest:g} %, below {LOW_BATTERY_PERCENT:g} % phones save; charge it"
    ]


def _mhz(frequency_khz: int) -> str:
    return f"{frequency_khz / 1000:g} MHz"

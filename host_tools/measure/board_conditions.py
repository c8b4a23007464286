# SPDX-License-Identifier: Apache-2.0
"""What a device's own readings say about a measurement: rules that it must keep, and notes."""

from __future__ import annotations

from host_tools.devices import host
from host_tools.devices.base import Device
from host_tools.measure import board_rules, phone_rules
from host_tools.measure.board_readings import Snapshot
from host_tools.measure.phone_readings import PhoneSnapshot
from host_tools.measure.validity import Rule

ALWAYS_NOTED = ("frequency_unchanged",)
"""Between runs audio is transferred, and paced runs leave the core idle: governors clock down
then, as they do in an app. The shares of each frequency are in the result."""

ONLY_NOTED = (*ALWAYS_NOTED, *phone_rules.ONLY_FOR_POWER)
"""A phone at a cable is fed by it, which changes its power but not the CPU time."""

Readings = Snapshot | PhoneSnapshot


def look_at(device: Device) -> Readings | None:
    """Readings of a board or phone now; None for one without, and for this computer."""
    if device.phone_shell is not None:
        return PhoneSnapshot.take(device.phone_shell)
    if device.board_files is None or device.name == host.NAME:
        return None
    return Snapshot.take(device.board_files)


def conditions(
    before: Readings | None, after: Readings | None, *, with_power: bool = False
) -> tuple[list[Rule], list[str]]:
    """Rules and notes of the time between two readings; none without readings.

    Rules that matter for power only are notes unless *with_power*.
    """
    if isinstance(before, PhoneSnapshot) and isinstance(after, PhoneSnapshot):
        judged, notes = phone_rules.rules(before, after)
    elif isinstance(before, Snapshot) and isinstance(after, Snapshot):
        judged, notes = board_rules.rules(before, after)
    else:
        return [], []
    noted = ONLY_NOTED if not with_power else ALWAYS_NOTED
    kept = [rule for rule in judged if rule.name not in noted]
    seen = [f"{rule.name}: {rule.evidence}" for rule in judged if rule.name in noted]
    return kept, [*seen, *notes]

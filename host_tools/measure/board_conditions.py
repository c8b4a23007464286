# SPDX-License-Identifier: Apache-2.0
"""What a board's own readings say about a measurement: rules that it must keep, and notes."""

from __future__ import annotations

from host_tools.devices import host
from host_tools.devices.base import Device
from host_tools.measure import board_rules
from host_tools.measure.board_readings import Snapshot
from host_tools.measure.validity import Rule

ONLY_NOTED = ("frequency_unchanged",)
"""Between unpaced runs audio is transferred, and many governors clock down meanwhile."""


def look_at(device: Device) -> Snapshot | None:
    """Readings of a board now; None for one without, and for this computer, which is no board."""
    if device.board_files is None or device.name == host.NAME:
        return None
    return Snapshot.take(device.board_files)


def conditions(before: Snapshot | None, after: Snapshot | None) -> tuple[list[Rule], list[str]]:
    """Rules and notes of the time between two readings; none without readings."""
    if before is None or after is None:
        return [], []
    judged, notes = board_rules.rules(before, after)
    kept = [rule for rule in judged if rule.name not in ONLY_NOTED]
    seen = [f"{rule.name}: {rule.evidence}" for rule in judged if rule.name in ONLY_NOTED]
    return kept, [*seen, *notes]

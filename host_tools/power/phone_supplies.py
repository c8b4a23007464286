# SPDX-License-Identifier: Apache-2.0
"""Batteries and chargers as the kernel shows them: /sys/class/power_supply."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.devices.board_files import BoardFiles
from host_tools.devices.reading_text import line, millivolts, whole

FOLDER = "/sys/class/power_supply"

_PREFIX = "POWER_SUPPLY_"
_FILES = ("type", "status", "current_now", "voltage_now", "charge_counter", "charge_full")
_GAUGES = ("battery", "bms", "maxfg")
"""Names of supplies with the battery's gauge, the usual one first."""


@dataclass(frozen=True)
class PowerSupply:
    """One supply by the name of its folder.

    ``status`` is in lower case ("charging"). ``current_now`` is as the driver gives it, without a
    known unit or sign; so are ``charge_counter`` and ``charge_full``.
    """

    name: str
    kind: str | None = None
    status: str | None = None
    current_now: int | None = None
    voltage_mv: int | None = None
    charge_counter: int | None = None
    charge_full: int | None = None


def read_supplies(files: BoardFiles) -> tuple[PowerSupply, ...]:
    """Every supply that can be read."""
    found = [_read_supply(files, name) for name in files.list_folder(FOLDER)]
    return tuple(supply for supply in found if supply is not None)


def battery_gauge(supplies: tuple[PowerSupply, ...]) -> PowerSupply | None:
    """The supply that measures the battery's current; None when none does."""
    measuring = {supply.name: supply for supply in supplies if supply.current_now is not None}
    for name in _GAUGES:
        if name in measuring:
            return measuring[name]
    batteries = [supply for supply in measuring.values() if supply.kind == "Battery"]
    # two batteries share the load: one of them alone would tell too little
    return batteries[0] if len(batteries) == 1 else None


def battery_status(supplies: tuple[PowerSupply, ...]) -> str | None:
    """What the kernel says that the battery does, such as "discharging"."""
    gauge = battery_gauge(supplies)
    named = [supply for supply in supplies if supply.name == _GAUGES[0]]
    told = [supply.status for supply in (*([gauge] if gauge else []), *named) if supply.status]
    return told[0] if told else None


def parse_uevent(text: str | None) -> dict[str, str]:
    """Lines "POWER_SUPPLY_CURRENT_NOW=-310" as values by lower-case name, "current_now"."""
    values: dict[str, str] = {}
    for entry in (text or "").splitlines():
        name, equals, value = entry.strip().partition("=")
        if equals:
            values[name.removeprefix(_PREFIX).lower()] = value.strip()
    return values


def _read_supply(files: BoardFiles, name: str) -> PowerSupply | None:
    values = parse_uevent(files.read_text(f"{FOLDER}/{name}/uevent"))
    for file in _FILES:
        text = line(files.read_text(f"{FOLDER}/{name}/{file}"))
        if text is not None:
            values[file] = text
    if not values:
        return None
    return PowerSupply(
        name=name,
        kind=line(values.get("type")),
        status=(line(values.get("status")) or "").lower() or None,
        current_now=whole(values.get("current_now")),
        voltage_mv=millivolts(whole(values.get("voltage_now"))),
        charge_counter=whole(values.get("charge_counter")),
        charge_full=whole(values.get("charge_full")),
    )

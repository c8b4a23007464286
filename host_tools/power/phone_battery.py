# SPDX-License-Identifier: Apache-2.0
"""The battery as Android's framework reports it: ``dumpsys battery``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host_tools.devices.reading_text import line, millivolts, whole

COMMAND = "dumpsys battery; true"

STATUSES = {1: "unknown", 2: "charging", 3: "discharging", 4: "not charging", 5: "full"}
"""Numbers of android.os.BatteryManager, in the kernel's words."""

_STATE = re.compile(r"current .*battery service state:", re.IGNORECASE)
_SOURCES = {
    "ac powered": "AC",
    "usb powered": "USB",
    "wireless powered": "wireless",
    "dock powered": "dock",
}
_FROZEN = "UPDATES STOPPED"
_TEMPERATURE_C = (-40.0, 100.0)


@dataclass(frozen=True)
class PhoneBattery:
    """The battery at one moment; what the phone does not tell, or tells absurdly, is None.

    ``powered_by`` are the sources that feed the phone, None when the phone lists none.
    ``charge_counter_uah`` is what the gauge says is left. ``current_now`` has neither a unit nor a
    sign that makers agree on. ``is_frozen``: someone set the values, the hardware is not read.
    """

    level_percent: float | None = None
    status: str | None = None
    powered_by: tuple[str, ...] | None = None
    temperature_c: float | None = None
    voltage_mv: int | None = None
    charge_counter_uah: int | None = None
    current_now: int | None = None
    is_frozen: bool = False


def parse_battery(text: str | None) -> PhoneBattery | None:
    """What ``dumpsys battery`` prints; None when it holds no state of a battery."""
    values = _values(_state_lines(text or ""))
    if not {"status", "level", "voltage"} & set(values):
        return None
    return PhoneBattery(
        level_percent=_level_percent(whole(values.get("level")), whole(values.get("scale"))),
        status=STATUSES.get(whole(values.get("status")) or 0),
        powered_by=_sources(values),
        temperature_c=_temperature_c(whole(values.get("temperature"))),
        voltage_mv=millivolts(whole(values.get("voltage"))),
        charge_counter_uah=_positive(whole(values.get("charge counter"))),
        current_now=whole(values.get("current now")),
        is_frozen=_FROZEN in (text or ""),
    )


def _state_lines(text: str) -> list[str]:
    """Lines of the battery's state: behind a maker's own section, before its logs."""
    lines = text.replace("\r", "").split("\n")
    heads = [number for number, entry in enumerate(lines) if _STATE.match(entry.strip())]
    plain = [number for number in heads if "current battery service" in lines[number].lower()]
    start = (plain or heads or [-1])[0]
    kept: list[str] = []
    for number in range(start + 1, len(lines)):
        # "[...LogBuffer]" opens a log, whose "level:59" is of the past
        if number in heads or "LogBuffer]" in lines[number]:
            break
        kept.append(lines[number])
    return kept


def _values(lines: list[str]) -> dict[str, str]:
    """Values by lower-case name; of two with one name the first, which is Android's own."""
    values: dict[str, str] = {}
    for entry in lines:
        name, colon, value = entry.strip().partition(":")
        if colon:
            values.setdefault(name.strip().lower(), value.strip())
    return values


def _sources(values: dict[str, str]) -> tuple[str, ...] | None:
    told = {name: line(values.get(name)) for name in _SOURCES}
    if not any(value in ("true", "false") for value in told.values()):
        return None
    return tuple(_SOURCES[name] for name, value in told.items() if value == "true")


def _level_percent(level: int | None, scale: int | None) -> float | None:
    full = 100 if scale is None else scale
    if level is None or full <= 0 or not 0 <= level <= full:
        return None
    return round(100 * level / full, 1)


def _temperature_c(tenths_c: int | None) -> float | None:
    if tenths_c is None:
        return None
    low, high = _TEMPERATURE_C
    return tenths_c / 10 if low <= tenths_c / 10 <= high else None


def _positive(value: int | None) -> int | None:
    # phones without a counter give 0 or the smallest number of all
    return value if value is not None and value > 0 else None

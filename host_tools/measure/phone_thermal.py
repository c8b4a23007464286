# SPDX-License-Identifier: Apache-2.0
"""How hot a phone says it is: ``dumpsys thermalservice`` (Android 10 and later)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host_tools.devices.reading_text import count, decimal, whole

COMMAND = "dumpsys thermalservice; true"

STATUS_NAMES = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
"""Of android.os.PowerManager, by number; from "moderate" on the phone takes performance away."""

_KINDS = ("CPU", "GPU", "battery", "skin", "USB port", "power amplifier")
_BATTERY_LIMITS = (6, 7, 8)
"""Kinds of what is no temperature: voltage, current and charge at which the phone limits itself."""

_KIND_SKIN, _KIND_CPU_COOLING = 3, 2
_HAL_TEMPERATURES = "Current temperatures from HAL"
_HAL_COOLING = "Current cooling devices from HAL"
_TEMPERATURE = re.compile(
    r"Temperature\{mValue=([^,]*), mType=(-?[0-9]+), mName=(.*), mStatus=(-?[0-9]+)\}"
)
_COOLING = re.compile(r"CoolingDevice\{mValue=([^,]*), mType=(-?[0-9]+), mName=(.*)\}")
_SENSOR_C = (-55.0, 200.0)


@dataclass(frozen=True)
class PhoneTemperature:
    """One sensor: its name, the number of its kind, degrees Celsius, its own status 0 to 6."""

    name: str
    kind: int
    temperature_c: float
    status: int

    @property
    def kind_name(self) -> str:
        """What is measured, in words where they are known."""
        return _KINDS[self.kind] if 0 <= self.kind < len(_KINDS) else f"kind {self.kind}"


@dataclass(frozen=True)
class CoolingDevice:
    """What the phone slows down or turns on to cool itself; ``level`` 0: nothing."""

    name: str
    kind: int
    level: int

    @property
    def is_cpu(self) -> bool:
        """It holds the clock of cores down."""
        return self.kind == _KIND_CPU_COOLING


@dataclass(frozen=True)
class PhoneThermal:
    """Heat at one moment. ``status`` is 0 to 6, None when the phone does not tell.

    ``is_set``: someone set the status, it is not the phone's own. ``has_hal``: the sensors answer.
    ``temperatures`` and ``cooling`` are of this moment; None: not told.
    """

    status: int | None = None
    is_set: bool = False
    has_hal: bool | None = None
    temperatures: tuple[PhoneTemperature, ...] | None = None
    cooling: tuple[CoolingDevice, ...] | None = None

    @property
    def status_name(self) -> str | None:
        """The status in a word."""
        return None if self.status is None else STATUS_NAMES[self.status]

    @property
    def skin_c(self) -> float | None:
        """The warmest sensor of the case, which most phones limit themselves by."""
        skin = [one.temperature_c for one in self.temperatures or () if one.kind == _KIND_SKIN]
        return max(skin, default=None)


def parse_thermal(text: str | None) -> PhoneThermal | None:
    """What the service prints; None when it told nothing, as before Android 10."""
    sections = _sections(text or "")
    values = {name: value for name, value in _pairs(text or "")}
    status = count(values.get("Thermal Status"))
    if status is None and "HAL Ready" not in values and _HAL_TEMPERATURES not in sections:
        return None
    sensors, cooling = sections.get(_HAL_TEMPERATURES), sections.get(_HAL_COOLING)
    return PhoneThermal(
        status=status if status is not None and status < len(STATUS_NAMES) else None,
        is_set=values.get("IsStatusOverride") == "true",
        has_hal=_HAL_READY.get(values.get("HAL Ready", "")),
        temperatures=None if sensors is None else _temperatures(sensors),
        cooling=None if cooling is None else _cooling(cooling),
    )


_HAL_READY = {"true": True, "false": False}


def _sections(text: str) -> dict[str, list[str]]:
    """Lines by the heading above them; cached values have a heading of their own."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for entry in text.splitlines():
        kept = entry.strip()
        if kept.endswith(":"):
            current = sections.setdefault(kept[:-1], [])
        else:
            current.append(kept)
    return sections


def _pairs(text: str) -> list[tuple[str, str]]:
    split = (entry.strip().partition(":") for entry in text.splitlines())
    return [(name, value.strip()) for name, colon, value in split if colon and value.strip()]


def _temperatures(lines: list[str]) -> tuple[PhoneTemperature, ...]:
    found: list[PhoneTemperature] = []
    for match in filter(None, map(_TEMPERATURE.fullmatch, lines)):
        value, kind, status = decimal(match[1]), whole(match[2]), whole(match[4])
        if value is None or kind is None or status is None or kind in _BATTERY_LIMITS:
            continue
        if _SENSOR_C[0] <= value <= _SENSOR_C[1]:
            found.append(PhoneTemperature(match[3], kind, value, status))
    return tuple(found)


def _cooling(lines: list[str]) -> tuple[CoolingDevice, ...]:
    found: list[CoolingDevice] = []
    for match in filter(None, map(_COOLING.fullmatch, lines)):
        level, kind = decimal(match[1]), whole(match[2])
        if level is not None and kind is not None:
            found.append(CoolingDevice(match[3], kind, int(level)))
    return tuple(found)

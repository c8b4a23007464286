# SPDX-License-Identifier: Apache-2.0
"""How warm a board is, and whether its firmware slows it down."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host_tools.devices.board_files import BoardFiles
from host_tools.devices.reading_text import decimal, line, numbered, whole

_THERMAL_FOLDER = "/sys/class/thermal"
_ZONE = "thermal_zone"
_HWMON_FOLDER = "/sys/class/hwmon"
_PLATFORM_FOLDER = "/sys/devices/platform"
_SENSOR_MIN_C = -55.0
_SENSOR_MAX_C = 150.0
"""Values outside are no temperature but a sensor that is off or broken."""

_BITS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
_SINCE_BOOT_SHIFT = 16


@dataclass(frozen=True)
class Temperature:
    """One sensor: where it is read, what it is called, degrees Celsius.

    ``passive_c`` is the temperature from which the kernel slows the cores down for this zone.
    """

    source: str
    name: str
    temperature_c: float
    passive_c: float | None = None


@dataclass(frozen=True)
class Throttling:
    """What the firmware of a Raspberry Pi limits.

    ``since_boot`` also holds what has passed, since boot or since the kernel's voltage monitor
    asked the firmware to forget it.
    """

    now: tuple[str, ...]
    since_boot: tuple[str, ...]


def read_temperatures(files: BoardFiles) -> tuple[Temperature, ...]:
    """Every thermal zone and every temperature of hwmon that can be read."""
    zones = [_zone(files, name) for name in numbered(files.list_folder(_THERMAL_FOLDER), _ZONE)]
    found = [zone for zone in zones if zone is not None]
    for name in numbered(files.list_folder(_HWMON_FOLDER), "hwmon"):
        found += _monitor(files, name)
    return tuple(found)


def parse_firmware_temperature(text: str | None) -> Temperature | None:
    """Answer to measure_temp, such as "temp=48.3'C"."""
    match = re.fullmatch(r"temp=([-0-9.]+)'C", line(text) or "")
    value = decimal(match[1]) if match else None
    if value is None or not _SENSOR_MIN_C <= value <= _SENSOR_MAX_C:
        return None
    return Temperature("firmware", "soc", value)


def parse_firmware_clock(text: str | None) -> int | None:
    """Answer to "measure_clock arm", such as "frequency(48)=1500345728": the clock in kHz."""
    match = re.fullmatch(r"frequency\([0-9]+\)=([0-9]+)", line(text) or "")
    frequency_hz = whole(match[1]) if match else None
    return None if frequency_hz is None else round(frequency_hz / 1000)


def read_throttling(files: BoardFiles, answer: str | None) -> Throttling | None:
    """From the firmware's *answer* to get_throttled, else from what the kernel last heard."""
    seen = parse_throttled(answer)
    if seen is not None:
        return seen
    for soc in files.list_folder(_PLATFORM_FOLDER):
        if not soc.startswith("soc"):
            continue
        for child in files.list_folder(f"{_PLATFORM_FOLDER}/{soc}"):
            if child.endswith(":firmware"):
                path = f"{_PLATFORM_FOLDER}/{soc}/{child}/get_throttled"
                seen = seen or parse_throttled(files.read_text(path))
    return seen


def parse_throttled(text: str | None) -> Throttling | None:
    """Text of vcgencmd ("throttled=0x50005") or of the kernel ("50005")."""
    match = re.fullmatch(r"(?:throttled=)?(?:0x)?([0-9a-fA-F]{1,8})", line(text) or "")
    if match is None:
        return None
    bits = int(match[1], 16)
    return Throttling(_named(bits), _named(bits >> _SINCE_BOOT_SHIFT))


def _named(bits: int) -> tuple[str, ...]:
    return tuple(name for position, name in enumerate(_BITS) if bits >> position & 1)


def _zone(files: BoardFiles, name: str) -> Temperature | None:
    folder = f"{_THERMAL_FOLDER}/{name}"
    value = _celsius(files.read_text(f"{folder}/temp"))
    if value is None:
        return None
    kind = line(files.read_text(f"{folder}/type"))
    return Temperature(name, kind or name, value, _passive_trip(files, folder))


def _passive_trip(files: BoardFiles, folder: str) -> float | None:
    trips: list[float] = []
    for file in files.list_folder(folder):
        match = re.fullmatch(r"(trip_point_[0-9]+)_type", file)
        if match and line(files.read_text(f"{folder}/{file}")) == "passive":
            value = _celsius(files.read_text(f"{folder}/{match[1]}_temp"))
            trips += [] if value is None or value <= 0 else [value]
    return min(trips, default=None)


def _monitor(files: BoardFiles, name: str) -> list[Temperature]:
    folder = f"{_HWMON_FOLDER}/{name}"
    chip = line(files.read_text(f"{folder}/name"))
    found: list[Temperature] = []
    for file in files.list_folder(folder):
        match = re.fullmatch(r"(temp[0-9]+)_input", file)
        value = _celsius(files.read_text(f"{folder}/{file}")) if match else None
        if match is None or value is None:
            continue
        label = line(files.read_text(f"{folder}/{match[1]}_label"))
        title = " ".join(part for part in (chip, label) if part)
        found.append(Temperature(f"{name}/{match[1]}", title or name, value))
    return found


def _celsius(text: str | None) -> float | None:
    """Thousandths of a degree as degrees."""
    value = whole(text)
    if value is None or not _SENSOR_MIN_C <= value / 1000 <= _SENSOR_MAX_C:
        return None
    return value / 1000

# SPDX-License-Identifier: Apache-2.0
"""From a meter's name to the meter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.devices.base import Device
from host_tools.errors import UsageError
from host_tools.power.meter import PowerMeter


@dataclass(frozen=True)
class MeterKind:
    """One kind of meter: what comes before the colon, an example, what it is, how it is made.

    ``make`` gets what follows the colon and the device that is measured, if it is known.
    """

    kind: str
    example: str
    what: str
    make: Callable[[str, Device | None], PowerMeter]


def open_meter(name: str, device: Device | None = None) -> PowerMeter:
    """The meter called *name* (``kind:rest``), not opened yet.

    Raises UsageError for an unknown kind or a wrong option.
    """
    kind, _, rest = name.partition(":")
    for entry in METERS:
        if entry.kind == kind:
            return entry.make(rest, device)
    examples = ", ".join(entry.example for entry in METERS)
    raise UsageError(f"unknown power meter '{name}'; there are {examples}")


def list_meters() -> str:
    """A line for each kind of meter: an example of its name and what it is."""
    width = max(len(entry.example) for entry in METERS)
    return "\n".join(f"{entry.example:<{width}}  {entry.what}" for entry in METERS)


# imported when used: a meter may need packages that only some have


def _ppk2(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.ppk2 import Ppk2

    return Ppk2(rest)


def _joulescope(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.joulescope import Joulescope

    return Joulescope(rest)


def _scpi(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.scpi import Scpi

    return Scpi(rest)


def _lines(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.lines import Lines

    return Lines(rest)


def _csv(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.csv_replay import CsvReplay

    return CsvReplay(rest)


METERS = (
    MeterKind(
        "ppk2",
        "ppk2:/dev/ttyACM0?voltage_mv=3700",
        "Nordic Power Profiler Kit II that supplies the device; &mode=ampere: in its supply line",
        _ppk2,
    ),
    MeterKind(
        "joulescope",
        "joulescope:",
        "the connected Joulescope (JS110, JS220, JS320); joulescope:SERIAL picks one of several",
        _joulescope,
    ),
    MeterKind(
        "scpi",
        "scpi:/dev/ttyUSB0?baud=115200",
        "bench meter that is asked by SCPI, by a serial port or socket://HOST:PORT",
        _scpi,
    ),
    MeterKind(
        "lines",
        "lines:/dev/ttyUSB0?columns=current_ma,voltage_v",
        "instrument that sends lines of numbers, by a serial port or socket://HOST:PORT",
        _lines,
    ),
    MeterKind(
        "csv",
        "csv:trace.csv",
        "a trace recorded at another time (power.csv or another program's export)",
        _csv,
    ),
)

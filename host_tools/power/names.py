# SPDX-License-Identifier: Apache-2.0
"""From a meter's name to the meter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.devices.base import Device
from host_tools.devices.shell import Shell
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
    in_device: bool = False
    """The device's own: it can be opened only once the device is."""


def is_in_device(name: str) -> bool:
    """Whether that meter is part of the device. Raises UsageError for an unknown kind."""
    return _kind(name).in_device


def open_meter(name: str, device: Device | None = None) -> PowerMeter:
    """The meter called *name* (``kind:rest``), not opened yet.

    Raises UsageError for an unknown kind or a wrong option.
    """
    return _kind(name).make(name.partition(":")[2], device)


def _kind(name: str) -> MeterKind:
    for entry in METERS:
        if entry.kind == name.partition(":")[0]:
            return entry
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


def _shell(kind: str, device: Device | None) -> Shell:
    if device is None or device.shell is None:
        raise UsageError(
            f"{kind}: that meter is read by the device's own shell; measure a device by adb:, ssh: "
            "or host, or use a meter of its own"
        )
    return device.shell


def _gauge(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.gauge import GaugeMeter

    _no_options("gauge", rest)
    return GaugeMeter(_shell("gauge", device))


def _rails(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.rails import RailsMeter

    _no_options("rails", rest)
    return RailsMeter(_shell("rails", device))


def _pmic(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.pmic import PmicMeter

    _no_options("pmic", rest)
    return PmicMeter(_shell("pmic", device))


def _hwmon(rest: str, device: Device | None) -> PowerMeter:
    from host_tools.power.hwmon import HwmonMeter

    chip, _, channel = rest.partition("?channel=")
    if channel and not channel.isdecimal():
        raise UsageError(f"hwmon:{rest}: a channel is a number, such as hwmon:ina3221?channel=2")
    return HwmonMeter(_shell("hwmon", device), chip or None, int(channel or 1))


def _no_options(kind: str, rest: str) -> None:
    if rest:
        raise UsageError(f"{kind}:{rest}: {kind} takes no address; write {kind}")


METERS = (
    MeterKind("gauge", "gauge", "the battery gauge of the phone that is measured", _gauge, True),
    MeterKind("rails", "rails", "the energy counters of the phone's CPU rails", _rails, True),
    MeterKind("pmic", "pmic", "the power chip of the Raspberry Pi 5 that is measured", _pmic, True),
    MeterKind(
        "hwmon",
        "hwmon:ina219",
        "a current sensor on the board that is measured; hwmon:ina3221?channel=2",
        _hwmon,
        True,
    ),
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

# SPDX-License-Identifier: Apache-2.0
"""Currents and voltages that the power chip (PMIC) of a Raspberry Pi 5 measures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host_tools.devices.reading_text import decimal

_LINE = re.compile(r"\s*(\S+)_([AV])\s+(?:current|volt)\([0-9]+\)=([-0-9.]+)([AV])\s*")


@dataclass(frozen=True)
class Rail:
    """One supply of the board by name: amperes, volts, milliwatts."""

    name: str
    current_a: float
    voltage_v: float

    @property
    def power_mw(self) -> float:
        """What flows through it at the moment of reading."""
        return 1000 * self.current_a * self.voltage_v


@dataclass(frozen=True)
class Rails:
    """All rails of one reading.

    ``voltages_v`` and ``currents_a`` are those whose partner is not measured, such as EXT5V, the
    board's input.
    """

    rails: tuple[Rail, ...]
    voltages_v: dict[str, float]
    currents_a: dict[str, float]

    @property
    def power_mw(self) -> float:
        """Sum over the rails: less than the board takes, for what the PMIC loses, USB and the
        supplies that it does not measure are not in it."""
        return sum(rail.power_mw for rail in self.rails)


def parse_rails(text: str | None) -> Rails | None:
    """Answer to pmic_read_adc: "NAME_A current(7)=1.5A" and "NAME_V volt(15)=0.8V" lines.

    None when there is no such line, as on every board before the Raspberry Pi 5.
    """
    values: dict[str, dict[str, float]] = {"A": {}, "V": {}}
    for entry in (text or "").splitlines():
        match = _LINE.fullmatch(entry)
        value = decimal(match[3]) if match and match[2] == match[4] else None
        if match and value is not None:
            values[match[2]][match[1]] = value
    currents_a, voltages_v = values["A"], values["V"]
    if not currents_a and not voltages_v:
        return None
    return Rails(
        rails=tuple(
            Rail(name, current_a, voltages_v[name])
            for name, current_a in currents_a.items()
            if name in voltages_v
        ),
        voltages_v={name: volts for name, volts in voltages_v.items() if name not in currents_a},
        currents_a={name: amps for name, amps in currents_a.items() if name not in voltages_v},
    )

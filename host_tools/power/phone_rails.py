# SPDX-License-Identifier: Apache-2.0
"""Energy of the supplies inside a phone that has meters on them (Pixel 6 and later: ODPM).

Unlike the battery's gauge they tell what the cores took, on a charging phone too. The kernel's
files need root on most phones; ``dumpsys powerstats`` names the supplies but not their energy.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from host_tools.devices.board_files import BoardFiles
from host_tools.devices.reading_text import count, numbered

COMMAND = "dumpsys powerstats; true"

_FOLDER = "/sys/bus/iio/devices"
_ENERGY = re.compile(r"CH[0-9]+(?:\(T=([0-9]+)\))?\[([^\]]+)\], *([0-9]+)")
_TIME = re.compile(r"t=([0-9]+)")
_CHANNEL = re.compile(r"ChannelId: *[0-9]+, ChannelName: *([^,]+), ChannelSubsystem: *(.*)")
_CPU_RAIL = re.compile(r"VDD_CPU(CL[0-9]+)?(_|$)")


@dataclass(frozen=True)
class RailEnergy:
    """Energy since boot through one supply, in µW·s, up to ``time_ms`` after boot."""

    name: str
    energy_uws: int
    time_ms: int


@dataclass(frozen=True)
class RailPower:
    """Mean power of one supply between two readings, in mW, and the time between them in s."""

    name: str
    power_mw: float
    elapsed_s: float

    @property
    def is_cpu(self) -> bool:
        """It feeds cores. Which ones a CPUCL number means differs between chips."""
        return is_cpu_rail(self.name)


def is_cpu_rail(name: str) -> bool:
    """Whether a supply of that name feeds cores."""
    return _CPU_RAIL.search(name) is not None


def read_energies(files: BoardFiles) -> tuple[RailEnergy, ...]:
    """Every supply of every meter chip; a name that two of them give is left out."""
    found: list[RailEnergy] = []
    for device in numbered(files.list_folder(_FOLDER), "iio:device"):
        found += parse_energies(files.read_text(f"{_FOLDER}/{device}/energy_value"))
    times = Counter(rail.name for rail in found)
    return tuple(rail for rail in found if times[rail.name] == 1)


def parse_energies(text: str | None) -> list[RailEnergy]:
    """A line "t=123" and lines "CH3(T=123)[NAME], energy"; without T the first line's counts."""
    found: list[RailEnergy] = []
    common_ms: int | None = None
    for entry in map(str.strip, (text or "").splitlines()):
        head, match = _TIME.fullmatch(entry), _ENERGY.fullmatch(entry)
        if head is not None:
            common_ms = count(head[1])
        if match is None:
            continue
        time_ms = common_ms if match[1] is None else count(match[1])
        energy_uws = count(match[3])
        if time_ms is not None and energy_uws is not None:
            found.append(RailEnergy(match[2], energy_uws, time_ms))
    return found


def rail_powers(
    before: tuple[RailEnergy, ...], after: tuple[RailEnergy, ...]
) -> tuple[RailPower, ...]:
    """Mean power of each supply in both readings; none for one that ran backwards."""
    first = {rail.name: rail for rail in before}
    powers: list[RailPower] = []
    for rail in after:
        start = first.get(rail.name)
        if start is None:
            continue
        energy_uws, elapsed_ms = rail.energy_uws - start.energy_uws, rail.time_ms - start.time_ms
        if elapsed_ms > 0 and energy_uws >= 0:
            # a µW·s in a ms is a mW
            powers.append(RailPower(rail.name, energy_uws / elapsed_ms, elapsed_ms / 1000))
    return tuple(powers)


def parse_channels(text: str | None) -> dict[str, str]:
    """Subsystem, such as "CPU(BIG)", by supply, from ``dumpsys powerstats``."""
    matches = map(_CHANNEL.fullmatch, map(str.strip, (text or "").splitlines()))
    return {match[1].strip(): match[2].strip() for match in matches if match is not None}

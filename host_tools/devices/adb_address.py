# SPDX-License-Identifier: Apache-2.0
"""``adb:SERIAL?core=7``: which phone, and on which of its cores."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from host_tools.errors import UsageError

KIND = "adb"
CLUSTERS = ("little", "mid", "big")
_CORES = 1024
_SERIAL = re.compile(r"[\w\[][\w.:\[\]-]*", re.ASCII)
_WIRELESS = re.compile(r"(?:[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True)
class AdbAddress:
    """``serial`` "" is the only phone attached; HOST:PORT is one in the network."""

    serial: str
    core: int | None = None
    cluster: str | None = None

    @classmethod
    def parse(cls, text: str) -> AdbAddress:
        """Take apart ``[SERIAL | HOST:PORT][?core=N | ?cluster=little|mid|big]``.

        Raises UsageError.
        """
        serial, _, query = text.partition("?")
        settings = parse_qs(query, keep_blank_values=True)
        if serial and not _SERIAL.fullmatch(serial):
            raise UsageError(f"'{KIND}:{text}' is no phone; serial numbers are in: adb devices")
        if set(settings) - {"core", "cluster"} or len(settings) > 1 or (query and not settings):
            raise UsageError(f"'{KIND}:{text}': set core=N or cluster={'|'.join(CLUSTERS)}, one")
        core, cluster = _last(settings, "core"), _last(settings, "cluster")
        if core is not None and not (core.isdecimal() and core.isascii() and int(core) < _CORES):
            raise UsageError(f"'{KIND}:{text}': a core is a number, 0 the first")
        if cluster is not None and cluster not in CLUSTERS:
            raise UsageError(f"'{KIND}:{text}': a cluster is {', '.join(CLUSTERS)}")
        address = cls(serial, None if core is None else int(core), cluster)
        if address.is_wireless and not 0 < int(serial.rpartition(":")[2]) < 65536:
            raise UsageError(f"'{KIND}:{text}': a port is a number from 1 to 65535")
        return address

    @property
    def is_wireless(self) -> bool:
        """Whether adb has to be told to connect first. ``usb:1-4`` is a place on the bus."""
        return _WIRELESS.fullmatch(self.serial) is not None and not self.serial.startswith("usb:")

    def name(self, serial: str) -> str:
        """The device name once the phone is known."""
        pinned = f"?core={self.core}" if self.core is not None else ""
        return f"{KIND}:{serial}{pinned}" + (f"?cluster={self.cluster}" if self.cluster else "")


def _last(settings: dict[str, list[str]], key: str) -> str | None:
    return settings[key][-1] if key in settings else None

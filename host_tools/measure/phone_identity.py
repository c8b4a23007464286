# SPDX-License-Identifier: Apache-2.0
"""Which phone it is, from its system properties."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host_tools.devices.reading_text import count, line

COMMAND = "getprop; true"

_PROPERTY = re.compile(r"^\[([^\]\n]+)\]: \[([^\]\n]*)\]?[ \r]*$", re.MULTILINE)
_SOCS = ("ro.soc.model", "ro.vendor.soc.model", "ro.vendor.qti.soc_model", "ro.chipname")
_MARKET_NAMES = (
    "ro.product.marketname",
    "ro.vendor.oplus.market.name",
    "ro.config.marketing_name",
)
_PLATFORMS = ("ro.board.platform", "ro.mediatek.platform", "ro.hardware.chipname", "ro.hardware")


@dataclass(frozen=True)
class PhoneIdentity:
    """Maker, model and system of a phone; what it does not tell is None.

    ``model`` is the maker's code, ``market_name`` what it is sold as, where that differs.
    ``android`` is the release as users know it, ``sdk`` its number among programmers (36 for 16).
    ``soc`` is the name of the chip where there is one (Android 12 and later), ``platform`` the code
    name that older phones give instead. ``abi`` is the first that it runs.
    """

    maker: str | None = None
    model: str | None = None
    market_name: str | None = None
    android: str | None = None
    sdk: int | None = None
    build: str | None = None
    soc_maker: str | None = None
    soc: str | None = None
    platform: str | None = None
    abi: str | None = None
    kernel: str | None = None
    is_emulator: bool = False


def identify(properties: str | None, kernel: str | None = None) -> PhoneIdentity:
    """From what ``getprop`` prints and from the text of /proc/sys/kernel/osrelease."""
    known = parse_properties(properties)

    def first(*names: str) -> str | None:
        values = (line(known.get(name)) for name in names)
        return next((value for value in values if value and value.lower() != "unknown"), None)

    return PhoneIdentity(
        maker=first("ro.product.manufacturer", "ro.product.vendor.manufacturer"),
        model=first("ro.product.model", "ro.product.vendor.model", "ro.product.name"),
        market_name=first(*_MARKET_NAMES),
        android=first("ro.build.version.release_or_codename", "ro.build.version.release"),
        sdk=count(known.get("ro.build.version.sdk")),
        build=first("ro.build.id", "ro.build.display.id"),
        soc_maker=first("ro.soc.manufacturer"),
        soc=first(*_SOCS),
        platform=first(*_PLATFORMS),
        abi=first("ro.product.cpu.abi", "ro.product.cpu.abilist"),
        kernel=line(kernel),
        is_emulator=known.get("ro.boot.qemu") == "1" or known.get("ro.kernel.qemu") == "1",
    )


def parse_properties(text: str | None) -> dict[str, str]:
    """Lines "[name]: [value]"; of a value that goes over several lines the first."""
    return {match[1]: match[2] for match in _PROPERTY.finditer(text or "")}

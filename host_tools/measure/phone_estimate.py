# SPDX-License-Identifier: Apache-2.0
"""What Android believes that apps took: ``dumpsys batterystats``.

A model, not a measurement: times of use multiplied by the currents of the maker's table. It is
never a power reading, and not comparable between versions of Android.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from host_tools.devices.reading_text import decimal
from host_tools.devices.shell import Shell

COMMAND = "dumpsys batterystats; true"
SHELL_USER = "2000"
"""Unix user of adb's shell."""

_HEADING = "Estimated power use (mAh):"
_TOTALS = re.compile(r"Capacity: ([0-9.]+), Computed drain: ([0-9.]+), actual drain: ([-0-9.]+).*")
_USER = re.compile(r"(?:Uid|UID) (\w+): ([0-9.]+).*")


@dataclass(frozen=True)
class ModelledDrain:
    """Android's estimate since the last full charge, all in mAh.

    ``users_mah`` is by Unix user, of which each app has one ("u0a318").
    """

    capacity_mah: float | None
    computed_mah: float | None
    users_mah: dict[str, float]


def parse_modelled_drain(text: str | None) -> ModelledDrain | None:
    """The section of estimates; None when there is none."""
    _, heading, rest = (text or "").partition(_HEADING)
    if not heading:
        return None
    totals: re.Match[str] | None = None
    users_mah: dict[str, float] = {}
    for entry in map(str.strip, rest.lstrip("\r\n").splitlines()):
        if not entry:
            break
        totals = totals or _TOTALS.fullmatch(entry)
        user = _USER.fullmatch(entry)
        value_mah = decimal(user[2]) if user else None
        if user is not None and value_mah is not None:
            users_mah[user[1]] = value_mah
    return ModelledDrain(
        capacity_mah=decimal(totals[1]) if totals else None,
        computed_mah=decimal(totals[2]) if totals else None,
        users_mah=users_mah,
    )


def modelled_note(shell: Shell) -> str | None:
    """What Android's model says of the user that adb's programs run as; None: it says nothing."""
    drain = parse_modelled_drain(shell.run(COMMAND))
    used_mah = None if drain is None else drain.users_mah.get(SHELL_USER)
    if used_mah is None:
        return None
    return (
        f"Android's model (batterystats), no measurement: {used_mah:g} mAh since the last full "
        "charge by all that ran over adb"
    )

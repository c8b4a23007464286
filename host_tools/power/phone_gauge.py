# SPDX-License-Identifier: Apache-2.0
"""Samples of a phone's battery gauge, taken by its own shell while something else runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host_tools.devices.reading_text import decimal, line, millivolts, whole
from host_tools.power.phone_supplies import FOLDER

_NAME = re.compile(r"[A-Za-z0-9_.:-]+")


@dataclass(frozen=True)
class GaugeSample:
    """One moment, ``time_s`` after boot.

    ``current`` and ``charge_counter`` are as the driver gives them: units and sign are what has to
    be found out. ``status`` is the kernel's, in lower case.
    """

    time_s: float
    current: int
    voltage_mv: int | None = None
    charge_counter: int | None = None
    status: str | None = None


def sample_command(supply: str, samples: int, period_s: float) -> str:
    """Shell command that reads the gauge of a supply *samples* times. Raises ValueError."""
    if not _NAME.fullmatch(supply):
        raise ValueError(f"no name of a power supply: {supply!r}")
    files = ("current_now", "voltage_now", "charge_counter")
    fields = "|".join(f"$(cat {FOLDER}/{supply}/{file} 2>/dev/null)" for file in files)
    # a gauge with a folder of its own often leaves the status to the battery
    status = " || ".join(f"cat {FOLDER}/{name}/status 2>/dev/null" for name in (supply, "battery"))
    return (
        f"i=0; while [ $i -lt {samples} ]; do i=$((i+1)); read t rest </proc/uptime; "
        f'echo "$t|{fields}|$({status})"; sleep {period_s:g}; done; true'
    )


def parse_samples(text: str | None) -> list[GaugeSample]:
    """Lines "time|current|voltage|counter|status"; those without time or current are left out."""
    samples: list[GaugeSample] = []
    for entry in (text or "").splitlines():
        fields = entry.split("|")
        if len(fields) != 5:
            continue
        time_s, current = decimal(fields[0]), whole(fields[1])
        if time_s is None or current is None or (samples and time_s <= samples[-1].time_s):
            continue
        samples.append(
            GaugeSample(
                time_s=time_s,
                current=current,
                voltage_mv=millivolts(whole(fields[2])),
                charge_counter=whole(fields[3]),
                status=(line(fields[4]) or "").lower() or None,
            )
        )
    return samples

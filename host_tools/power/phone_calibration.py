# SPDX-License-Identifier: Apache-2.0
"""What a battery gauge's numbers mean: which sign is discharging, and whether it counts µA or mA.

The kernel asks for µA, negative while discharging. Makers also give mA and the opposite sign, so
both are found out on each phone. What cannot be told stays unknown, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from host_tools.power.phone_gauge import GaugeSample

MIN_COUNTER_STEPS = 3
"""Changes of the charge counter below which its slope says too little."""

SLOPE_FACTOR = 1.6
"""How far current and slope may differ: three steps of the counter are known to one of them. A
current of one battery of two is farther off."""

AWAKE_MA = (20, 5_000)
"""Currents of a phone that is awake, its battery lasting more than an hour."""

ASLEEP_MA = 2
"""Phones at rest take no less."""

CHARGER_MA = 25_000
"""No phone is charged with more: what exceeds it is a charge counter of a unit that was misread."""

_COUNTER_UAH = (50_000, 20_000_000)
_COUNTER_MAH = (50, 20_000)


@dataclass(frozen=True)
class Calibration:
    """``unit_ua`` is the µA that a count stands for, 1 or 1000; ``discharge_sign`` is 1 where the
    number is positive while discharging, else -1. None: unknown; ``why`` tells how it is known or
    why not.
    """

    unit_ua: int | None
    discharge_sign: int | None
    why: str


def calibrate(samples: list[GaugeSample]) -> Calibration:
    """From samples of one status: discharging, or charging with a counter that rises."""
    statuses = {sample.status for sample in samples}
    status = statuses.pop() if len(statuses) == 1 else None
    signs = {1 if sample.current > 0 else -1 for sample in samples if sample.current}
    if not signs:
        return Calibration(None, None, "the gauge gives no current")
    if status not in ("charging", "discharging"):
        return Calibration(None, None, f"status is {status or 'not one and the same'}")
    if len(signs) > 1:
        return Calibration(None, None, f"the current changes its sign while {status}")
    seen = signs.pop()
    sign, sign_why = _sign(samples, status, seen)
    unit_ua, unit_why = _unit(samples, status)
    if status == "charging" and unit_ua is None:
        sign = None  # a counter that does not fit the current shows no direction either
    return Calibration(unit_ua, sign, f"{sign_why}; {unit_why}")


def counter_slope_uah(samples: list[GaugeSample]) -> float | None:
    """Change of the charge counter in µAh; None when it is none, or moves too little."""
    counters = [sample.charge_counter for sample in samples]
    known = [counter for counter in counters if counter is not None]
    if not known or len(known) < len(counters):
        return None
    steps = sum(first != second for first, second in pairwise(known))
    scale = _counter_uah(known)
    if steps < MIN_COUNTER_STEPS or scale is None:
        return None
    return float((known[-1] - known[0]) * scale)


def charge_counts_h(samples: list[GaugeSample]) -> float:
    """The current's size over time, in counts times hours."""
    return sum(
        (abs(first.current) + abs(second.current)) / 2 * (second.time_s - first.time_s) / 3600
        for first, second in pairwise(samples)
    )


def _sign(samples: list[GaugeSample], status: str, seen: int) -> tuple[int | None, str]:
    slope_uah = counter_slope_uah(samples)
    word = "positive" if seen > 0 else "negative"
    if status == "discharging":
        if slope_uah is not None and slope_uah > 0:
            return None, "sign unknown: discharging, but the charge counter rises"
        return seen, f"{word} while discharging"
    if not slope_uah:
        return None, "sign unknown: charging, but no charge counter shows that charge comes in"
    if slope_uah < 0:
        return seen, f"{word} while the charge counter falls, in spite of charging"
    return -seen, f"{word} while charging"


def _unit(samples: list[GaugeSample], status: str) -> tuple[int | None, str]:
    slope_uah, counts_h = counter_slope_uah(samples), charge_counts_h(samples)
    middle = median(abs(sample.current) for sample in samples)
    if slope_uah and counts_h:
        for unit_ua, name in ((1, "µA"), (1000, "mA")):
            fits = 1 / SLOPE_FACTOR <= unit_ua * counts_h / abs(slope_uah) <= SLOPE_FACTOR
            if fits and unit_ua * middle <= 1000 * CHARGER_MA:
                return unit_ua, f"{name} by the slope of the charge counter"
        return (
            None,
            "unit unknown: the current fits the charge counter's slope neither as µA nor mA",
        )
    if status != "discharging":
        return None, "unit unknown: no charge counter that moves, and not discharging"
    low, high = AWAKE_MA
    if 1000 * low <= middle <= 1000 * high:
        return 1, f"µA, for {middle:g} mA would be more than a phone takes"
    if low <= middle < 1000 * ASLEEP_MA:
        return 1000, f"mA, for {middle:g} µA would be less than a phone takes"
    return None, f"unit unknown: {middle:g} may be µA or mA, and no charge counter moves"


def _counter_uah(counters: list[int]) -> int | None:
    """µAh that a count of the charge counter stands for."""
    for (low, high), scale in ((_COUNTER_UAH, 1), (_COUNTER_MAH, 1000)):
        if low <= min(counters) and max(counters) <= high:
            return scale
    return None

# SPDX-License-Identifier: Apache-2.0
"""What a result records of the device that was measured, in words by name: only what it told."""

from __future__ import annotations

from host_tools.measure.board_conditions import Readings
from host_tools.measure.board_cores import Core, FrequencyPolicy
from host_tools.measure.board_readings import Snapshot
from host_tools.measure.phone_readings import PhoneSnapshot


def device_facts(before: Readings | None, after: Readings | None) -> dict[str, str]:
    """Facts from the readings before and after the runs; "A -> B" where they changed."""
    if isinstance(before, PhoneSnapshot):
        first = {**_phone(before), **_board(before.board), **_state(before)}
    elif isinstance(before, Snapshot):
        first = _board(before)
    else:
        return {}
    last: dict[str, str] = {}
    if isinstance(after, PhoneSnapshot):
        last = {**_board(after.board), **_state(after)}
    elif isinstance(after, Snapshot):
        last = _board(after)
    return {
        name: value if last.get(name, value) == value else f"{value} -> {last[name]}"
        for name, value in first.items()
    }


def _phone(phone: PhoneSnapshot) -> dict[str, str]:
    who = phone.identity
    named = [who.maker, who.market_name or who.model]
    chip = [who.soc_maker, who.soc or who.platform]
    android = f"{who.android} (SDK {who.sdk})" if who.sdk else who.android
    return _known(
        phone=" ".join(part for part in named if part),
        android=android,
        build=who.build,
        chip=" ".join(part for part in chip if part),
    )


def _state(phone: PhoneSnapshot) -> dict[str, str]:
    battery, thermal = phone.battery, phone.thermal
    words = []
    if battery is not None:
        level, warm = battery.level_percent, battery.temperature_c
        words = [
            *([f"{level:g} %"] if level is not None else []),
            *([phone.status] if phone.status else []),
            *([f"{warm:g} C"] if warm is not None else []),
        ]
    return _known(
        battery=", ".join(words),
        screen=phone.screen,
        thermal_status=None if thermal is None else thermal.status_name,
    )


def _board(board: Snapshot) -> dict[str, str]:
    warmest = max(board.temperatures, key=lambda sensor: sensor.temperature_c, default=None)
    throttling = board.throttling
    return _known(
        board=board.system.board,
        kernel=board.system.kernel,
        cores=_cores(board.cores or ()),
        clocks="; ".join(_policy(policy) for policy in board.policies or ()),
        temperature=None if warmest is None else f"{warmest.temperature_c:.1f} C ({warmest.name})",
        throttling=None if throttling is None else ", ".join(throttling.now) or "none",
    )


def _cores(cores: tuple[Core, ...]) -> str:
    """ "4 x Cortex-A55, 4 x Cortex-A78", in the order of their numbers."""
    names = [core.name or "unknown" for core in cores]
    return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))


def _policy(policy: FrequencyPolicy) -> str:
    cpus = "" if policy.cpus is None else f" (cores {', '.join(map(str, policy.cpus))})"
    now = "unknown" if policy.frequency_khz is None else f"{policy.frequency_khz / 1000:.0f}"
    low, high = policy.min_khz, policy.max_khz
    limits = "" if low is None or high is None else f" of {low / 1000:.0f} to {high / 1000:.0f}"
    governor = f", {policy.governor}" if policy.governor else ""
    return f"{policy.name}{cpus}: {now}{limits} MHz{governor}"


def _known(**facts: str | None) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}

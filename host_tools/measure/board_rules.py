# SPDX-License-Identifier: Apache-2.0
"""Rules for timed runs on a board, from what was read before and after them.

A board that does not tell a reading breaks no rule: a note says that it is not readable.
"""

from __future__ import annotations

from host_tools.measure.board_cores import FrequencyPolicy
from host_tools.measure.board_heat import Temperature
from host_tools.measure.board_readings import Snapshot, restarted
from host_tools.measure.validity import Rule

RASPBERRY_LIMIT_C = 80.0
"""From here on the firmware of a Raspberry Pi slows the cores down."""

MIN_ONE_FREQUENCY_SHARE = 0.95
"""Of the time between the readings, at the frequency that was used most."""

MIN_BUSY_SHARE = 0.1
"""Cores below it took no part in the run: their frequency does not matter."""

_EMULATED_WORDS = ("dummy-virt", "qemu")
"""In the model of a device tree."""

_CPU_WORDS = ("cpu", "soc", "core", "pkg", "package", "tctl")


def rules(before: Snapshot, after: Snapshot) -> tuple[list[Rule], list[str]]:
    """Rules that can be judged, and a note for each reading that could not be had."""
    if restarted(before, after):
        return [Rule("same_boot", False, "the board started anew between the readings")], []
    kept = _emulated(after)
    notes: list[str] = []
    for judge in (_throttling, _temperature, _frequency, _governor):
        rule, remarks = judge(before, after)
        kept += [] if rule is None else [rule]
        notes += remarks
    return kept, notes


_Judgement = tuple[Rule | None, list[str]]


def _emulated(board: Snapshot) -> list[Rule]:
    """A broken rule for a board that says itself that it is none; not all emulated ones do."""
    name = board.system.board or ""
    if not any(word in name.lower() for word in _EMULATED_WORDS):
        return []
    seen = f"the board is '{name}': its time is the emulator's; measure it as board: instead"
    return [Rule("real_hardware", False, seen)]


def _throttling(before: Snapshot, after: Snapshot) -> _Judgement:
    first, last = before.throttling, after.throttling
    if first is None or last is None:
        return None, ["throttling: not readable"]
    seen = [
        *(f"{name} before the run" for name in first.now),
        *(f"{name} after the run" for name in last.now),
        *(f"{name} in between" for name in last.since_boot if name not in first.since_boot),
    ]
    earlier = ", ".join(first.since_boot)
    notes = []
    if earlier:
        notes = [
            f"throttling: {earlier} had occurred before the run already, so the firmware would "
            "not show it again; restart the board to be sure"
        ]
    evidence = "; ".join(seen) or "the firmware reports no limit before, after or in between"
    return Rule("not_throttled", not seen, evidence), notes


def _temperature(before: Snapshot, after: Snapshot) -> _Judgement:
    first, last = _warmest(before), _warmest(after)
    if first is None or last is None:
        return None, ["temperature: not readable"]
    seen = (
        f"{first.temperature_c:.1f} C before, {last.temperature_c:.1f} C after the run "
        f"({last.name})"
    )
    first_headroom_c, headroom_c = _headroom_c(before, first), _headroom_c(after, last)
    if first_headroom_c is None or headroom_c is None:
        return None, [f"temperature: {seen}; from where on this board slows down is not known"]
    ok = first_headroom_c > 0 and headroom_c > 0
    evidence = f"{seen}, {headroom_c:.1f} C below the limit"
    if not ok:
        evidence = f"{seen}, limit {last.temperature_c + headroom_c:g} C; try cooling it"
    return Rule("temperature", ok, evidence), []


def _frequency(before: Snapshot, after: Snapshot) -> _Judgement:
    spent = after.since(before).time_in_state_ms
    first = {policy.name: policy for policy in before.policies or ()}
    verdicts: list[tuple[bool, str]] = []
    notes: list[str] = []
    for policy in _used(before, after):
        verdict = _time_verdict(policy.name, spent.get(policy.name, {})) or _reading_verdict(
            policy.name, first.get(policy.name), policy
        )
        if verdict is None:
            notes.append(f"CPU frequency of {policy.name}: not readable")
        else:
            verdicts.append(verdict)
    if not verdicts:
        return None, notes or ["CPU frequency: not readable"]
    ok = all(good for good, _ in verdicts)
    return Rule("frequency_unchanged", ok, "; ".join(text for _, text in verdicts)), notes


def _governor(before: Snapshot, after: Snapshot) -> _Judgement:
    first = {policy.name: policy.governor for policy in before.policies or ()}
    texts: list[str] = []
    notes: list[str] = []
    ok = True
    for policy in after.policies or ():
        earlier = first.get(policy.name)
        if policy.governor is None or earlier is None:
            notes.append(f"governor of {policy.name}: not readable")
        elif policy.governor == earlier:
            texts.append(f"{policy.name}: {earlier}")
        else:
            ok = False
            texts.append(f"{policy.name}: {earlier} before, {policy.governor} after")
    if not texts:
        return None, notes or ["governor: not readable"]
    return Rule("governor_stated", ok, "; ".join(texts)), notes


def _warmest(snapshot: Snapshot) -> Temperature | None:
    """The warmest sensor of the CPU; of all sensors when none is named after it."""
    sensors = snapshot.temperatures
    cpu = [sensor for sensor in sensors if any(word in sensor.name.lower() for word in _CPU_WORDS)]
    return max(cpu or sensors, key=lambda sensor: sensor.temperature_c, default=None)


def _headroom_c(snapshot: Snapshot, sensor: Temperature) -> float | None:
    """Degrees up to where the kernel or, on a Raspberry Pi, the firmware slows the cores down."""
    limits_c = [other.passive_c for other in snapshot.temperatures if other.passive_c is not None]
    if (snapshot.system.board or "").startswith("Raspberry Pi"):
        limits_c.append(RASPBERRY_LIMIT_C)
    return min(limits_c) - sensor.temperature_c if limits_c else None


def _used(before: Snapshot, after: Snapshot) -> list[FrequencyPolicy]:
    """Policies with a busy core, or all when that is not known."""
    shares = after.since(before).busy_shares
    policies = list(after.policies or ())
    busy = [
        policy
        for policy in policies
        if any(shares.get(f"cpu{cpu}", 1.0) >= MIN_BUSY_SHARE for cpu in policy.cpus or (-1,))
    ]
    return busy or policies


def _time_verdict(name: str, spent_ms: dict[int, int]) -> tuple[bool, str] | None:
    """By the time spent at each frequency, which no short dip escapes."""
    total_ms = sum(spent_ms.values())
    if total_ms <= 0:
        return None
    most_khz = max(spent_ms, key=lambda khz: spent_ms[khz])
    share = spent_ms[most_khz] / total_ms
    text = f"{name}: {100 * share:.1f} % of {total_ms / 1000:.2f} s at {_mhz(most_khz)}"
    if share >= MIN_ONE_FREQUENCY_SHARE:
        return True, text
    return False, f"{text}, {100 * MIN_ONE_FREQUENCY_SHARE:g} % needed; try governor performance"


def _reading_verdict(
    name: str, before: FrequencyPolicy | None, after: FrequencyPolicy
) -> tuple[bool, str] | None:
    """By two readings, for a kernel that keeps no times."""
    if before is None or before.frequency_khz is None or after.frequency_khz is None:
        return None
    first, last = _mhz(before.frequency_khz), _mhz(after.frequency_khz)
    if before.frequency_khz == after.frequency_khz:
        return True, f"{name}: {first} before and after, in between not recorded"
    return False, f"{name}: {first} before, {last} after; try governor performance"


def _mhz(frequency_khz: int) -> str:
    return f"{frequency_khz / 1000:g} MHz"

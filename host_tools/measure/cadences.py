# SPDX-License-Identifier: Apache-2.0
"""A clip on a device at each cadence in turn, repeated, and what the system tells meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

from host_tools.devices.base import Device, RunResult, Samples
from host_tools.measure.board_cores import FrequencyPolicy, read_policies
from host_tools.measure.board_readings import ThreadUse, thread_uses, times_in_state
from host_tools.measure.board_times import TaskTime, read_threads

UNPACED = 0
PACES_MS = (UNPACED, 10, 20)

Announce = Callable[[str], Callable[[int, int], None]]
"""Given what runs now, gives what is told (frames done, frames in all)."""


@dataclass
class Cadences:
    """Finished runs by pace in ms (0: unpaced), in the order in which they ran.

    ``time_in_state_ms``: by pace, policy and kHz. ``threads``: CPU time of the agent's threads
    over all of them. ``interrupted`` says when the user ended it, "" when nobody did.
    """

    runs: dict[int, list[RunResult]] = field(default_factory=dict)
    time_in_state_ms: dict[int, dict[str, dict[int, int]]] = field(default_factory=dict)
    threads: tuple[ThreadUse, ...] = ()
    interrupted: str = ""

    @property
    def all_runs(self) -> list[RunResult]:
        """Every finished run."""
        return [run for runs in self.runs.values() for run in runs]


def run_cadences(
    device: Device, audio: Samples, paces_ms: tuple[int, ...], repeats: int, announce: Announce
) -> Cadences:
    """Run whole frames of audio *repeats* times at each pace, the device being configured.

    The paces take turns, so that what changes slowly (heat, other programs) shows in the spread of
    each. Ctrl-C ends it and keeps what is finished; before the first run is finished it raises
    KeyboardInterrupt.
    """
    found = Cadences()
    threads, before = _threads(device), _policies(device)
    for number, pace_ms in product(range(repeats), paces_ms):
        word = f"{pace_name(pace_ms)} {number + 1}/{repeats}"
        try:
            run = device.run(audio, pace_ms=pace_ms, progress=announce(word))
        except KeyboardInterrupt:
            if not found.runs:
                raise
            all_runs = repeats * len(paces_ms)
            found.interrupted = f"interrupted after {len(found.all_runs)} of {all_runs} runs"
            return found
        after = _policies(device)
        found.runs.setdefault(pace_ms, []).append(run)
        _add(found.time_in_state_ms.setdefault(pace_ms, {}), times_in_state(before, after))
        before = after
    found.threads = thread_uses(threads, _threads(device))
    return found


def pace_name(pace_ms: int) -> str:
    """ "unpaced" or "paced 10 ms"."""
    return f"paced {pace_ms} ms" if pace_ms else "unpaced"


def _add(total: dict[str, dict[int, int]], spent: dict[str, dict[int, int]]) -> None:
    """Add times by policy and kHz to *total*."""
    for policy, times in spent.items():
        sums = total.setdefault(policy, {})
        for khz, spent_ms in times.items():
            sums[khz] = sums.get(khz, 0) + spent_ms


def _policies(device: Device) -> tuple[FrequencyPolicy, ...] | None:
    return None if device.board_files is None else read_policies(device.board_files)


def _threads(device: Device) -> tuple[TaskTime, ...]:
    return () if device.board_files is None else read_threads(device.board_files, "self")

# SPDX-License-Identifier: Apache-2.0
"""Instructions and cycles of a process on a phone while it works, by simpleperf."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from host_tools.devices.shell import Shell
from host_tools.errors import DeviceError
from host_tools.measure.phone_counters import (
    CPU_TIME,
    CYCLES,
    INSTRUCTIONS,
    PRESENCE_COMMAND,
    parse_simpleperf,
    simpleperf_command,
    simpleperf_path,
)

LONGEST_S = 20.0
"""A phone's command may take 30 s in all."""

Done = TypeVar("Done")


@dataclass(frozen=True)
class ProcessCounts:
    """In user space, of a part of the time; ``cpu_ms`` is the CPU time in that part."""

    instructions: float
    cycles: float
    cpu_ms: float

    @property
    def instructions_per_cycle(self) -> float:
        return self.instructions / self.cycles

    @property
    def core_mhz(self) -> float:
        """Mean clock of the cores while they ran the process, without their time in the kernel."""
        return self.cycles / self.cpu_ms / 1e3

    def instructions_in(self, cpu_ns: float) -> float:
        """Instructions in so much CPU time, at the rate of the part that was counted."""
        return self.instructions * cpu_ns / self.cpu_ms / 1e6


def count_while(
    shell: Shell, process: Callable[[], int | None], seconds: float, work: Callable[[], Done]
) -> tuple[Done, ProcessCounts | None, str]:
    """Do *work*, count meanwhile; what it gave, the counts or None, and why there are none.

    *process* gives the process's number, and is asked only on a phone with simpleperf. *seconds* is
    how long the work takes about; only so much is counted. Raises what *work* and *process* raise.
    """
    if simpleperf_path(shell.run(PRESENCE_COMMAND)) is None:
        return work(), None, "the phone has no simpleperf"
    number = process()
    if number is None:
        return work(), None, "the agent's process is not known"
    command = simpleperf_command(number, min(seconds, LONGEST_S))
    with ThreadPoolExecutor(1) as beside:
        answer = beside.submit(shell.run, command)
        done = work()
        try:
            text = answer.result() or ""
        except DeviceError as error:
            return done, None, str(error)
    return done, *_counts(text)


def counts_note(counts: ProcessCounts | None, reason: str, cpu_ns_per_frame: float) -> str:
    """The counts as a line for people, a frame taking so much CPU time; or why there are none."""
    if counts is None:
        return f"instructions unknown: {reason}"
    return (
        f"simpleperf: {counts.instructions_in(cpu_ns_per_frame):,.0f} instructions a frame in user "
        f"space, {counts.instructions_per_cycle:.2f} a cycle, core at {counts.core_mhz:.0f} MHz"
    )


def _counts(text: str) -> tuple[ProcessCounts | None, str]:
    events = parse_simpleperf(text)
    found = [events.get(name, 0.0) for name in (INSTRUCTIONS, CYCLES, CPU_TIME)]
    if all(found):
        return ProcessCounts(*found), ""
    said = [line.strip() for line in text.splitlines() if line.strip()]
    missing = "it counted nothing" if events or not said else said[-1]
    return None, f"simpleperf: {missing}; on the phone, try: setprop security.perf_harden 0"

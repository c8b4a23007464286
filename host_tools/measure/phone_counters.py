# SPDX-License-Identifier: Apache-2.0
"""Counters of ``simpleperf stat``, where a phone has that program and lets it count."""

from __future__ import annotations

import re

from host_tools.devices.reading_text import decimal

PRESENCE_COMMAND = "command -v simpleperf; true"
INSTRUCTIONS, CYCLES, CPU_TIME = "instructions:u", "cpu-cycles:u", "task-clock_ms"
"""What simpleperf_command asks for, as parse_simpleperf names it."""

_COUNT = re.compile(
    r"\s*([0-9][0-9,]*(?:\.[0-9]+)?)(\(ms\))?\s+([A-Za-z][\w:/.-]*)\s*(?:#.*|\(.*)?"
)
_RUNTIME = re.compile(r"Total test time: ([0-9.]+) seconds\.?")
_RUNTIME_NAME = "total-time_ms"


def simpleperf_command(pid: int, seconds: float) -> str:
    """The shell command that counts what a process does in user space from now on.

    It takes so many seconds; complaints are in its output too. The kernel's share is left out
    because most phones let nobody count it.
    """
    events = f"{INSTRUCTIONS},{CYCLES},task-clock"
    return f"simpleperf stat -e {events} -p {pid} --duration {seconds:.3f} 2>&1"


def parse_simpleperf(text: str | None) -> dict[str, float]:
    """Counts by event as simpleperf names them; times in ms, "task-clock_ms" and "total-time_ms".

    An event that it shared the counter with others for is extrapolated by simpleperf itself.
    """
    counts: dict[str, float] = {}
    for entry in (text or "").splitlines():
        runtime = _RUNTIME.fullmatch(entry.strip())
        match = _COUNT.fullmatch(entry)
        if runtime is not None:
            seconds = decimal(runtime[1])
            counts |= {} if seconds is None else {_RUNTIME_NAME: 1000 * seconds}
        elif match is not None:
            value = decimal(match[1].replace(",", ""))
            name = f"{match[3]}_ms" if match[2] else match[3]
            counts |= {} if value is None else {name: value}
    return counts


def simpleperf_path(text: str | None) -> str | None:
    """Where the program is, from the answer to PRESENCE_COMMAND; None: the phone has none."""
    paths = [entry.strip() for entry in (text or "").splitlines()]
    return next((path for path in paths if re.fullmatch(r"(/[\w.-]+)+", path)), None)

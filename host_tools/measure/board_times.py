# SPDX-License-Identifier: Apache-2.0
"""Where CPU time went: by processor, by process and by thread, from /proc."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.devices.board_files import BoardFiles
from host_tools.devices.reading_text import count, numbered

_MS_PER_TICK = 10
"""/proc counts in USER_HZ, 100 a second on every architecture that the kit knows."""

_TICK_COLUMNS = 8
"""user nice system idle iowait irq softirq steal; guests, which follow, are within user."""

_AFTER_NAME_USER, _AFTER_NAME_SYSTEM, _AFTER_NAME_START = 11, 12, 19
"""Fields 14, 15 and 22 of stat, counted from the one behind the name."""


@dataclass(frozen=True)
class TaskTime:
    """CPU time of a process or a thread since it began.

    ``user_ms`` and ``system_ms`` come in steps of 10 ms; ``run_ns`` is the scheduler's own count,
    None where the kernel keeps none. ``start_ticks`` after boot tells it from a later one that
    got the same number.
    """

    number: int
    name: str
    user_ms: int
    system_ms: int
    start_ticks: int
    run_ns: int | None = None

    @property
    def cpu_ms(self) -> float:
        """User and system time together, as fine as it is known."""
        return float(self.user_ms + self.system_ms) if self.run_ns is None else self.run_ns / 1e6


@dataclass(frozen=True)
class ProcessorTime:
    """Busy time and all time of a processor ("cpu0") or of all ("cpu") since boot, in ms."""

    busy_ms: int
    total_ms: int


def read_process(files: BoardFiles, process: str) -> TaskTime | None:
    """A process by number or "self": the time of all its threads, ended ones included."""
    return parse_task(files.read_text(f"/proc/{process}/stat"))


def read_threads(files: BoardFiles, process: str) -> tuple[TaskTime, ...]:
    """The threads that the process has now, by number."""
    folder = f"/proc/{process}/task"
    found: list[TaskTime] = []
    for number in numbered(files.list_folder(folder), ""):
        text = files.read_text(f"{folder}/{number}/stat")
        task = parse_task(text, files.read_text(f"{folder}/{number}/schedstat"))
        if task is not None:
            found.append(task)
    return tuple(found)


def parse_task(stat: str | None, schedstat: str | None = None) -> TaskTime | None:
    """Text of a task's stat and schedstat; the name may hold blanks and parentheses."""
    before, opened, rest = (stat or "").partition("(")
    name, closed, after = rest.rpartition(")")
    fields = after.split()
    number = count(before)
    if not opened or not closed or number is None or len(fields) <= _AFTER_NAME_START:
        return None
    user = count(fields[_AFTER_NAME_USER])
    system = count(fields[_AFTER_NAME_SYSTEM])
    start = count(fields[_AFTER_NAME_START])
    if user is None or system is None or start is None:
        return None
    run_ns = count((schedstat or "").split(" ", maxsplit=1)[0])
    return TaskTime(number, name, user * _MS_PER_TICK, system * _MS_PER_TICK, start, run_ns)


def parse_processors(text: str | None) -> dict[str, ProcessorTime]:
    """Text of /proc/stat: time of "cpu" (all together), "cpu0", "cpu1" and so on."""
    times: dict[str, ProcessorTime] = {}
    for entry in (text or "").splitlines():
        words = entry.split()
        if not words or not (words[0] == "cpu" or numbered(words[:1], "cpu")):
            continue
        ticks = [value for value in map(count, words[1 : 1 + _TICK_COLUMNS]) if value is not None]
        if len(ticks) == _TICK_COLUMNS:
            idle = ticks[3] + ticks[4]
            total = sum(ticks)
            times[words[0]] = ProcessorTime((total - idle) * _MS_PER_TICK, total * _MS_PER_TICK)
    return times


def busy_share(before: ProcessorTime, after: ProcessorTime) -> float | None:
    """Busy part of the time between two readings, 0 to 1; None when no time passed."""
    total_ms = after.total_ms - before.total_ms
    busy_ms = after.busy_ms - before.busy_ms
    # The kernel's count of waiting for I/O may run backwards a little.
    return None if total_ms <= 0 else min(max(busy_ms / total_ms, 0.0), 1.0)

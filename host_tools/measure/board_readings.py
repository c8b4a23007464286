# SPDX-License-Identifier: Apache-2.0
"""A board at one moment (Snapshot) and what happened between two moments (Difference).

What a board does not tell is None or empty, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from host_tools.devices.board_files import FIRMWARE_QUESTIONS, BoardFiles
from host_tools.devices.reading_text import count, decimal, line
from host_tools.measure.board_cores import Core, FrequencyPolicy, read_cores, read_policies
from host_tools.measure.board_heat import (
    Temperature,
    Throttling,
    parse_firmware_clock,
    parse_firmware_temperature,
    read_temperatures,
    read_throttling,
)
from host_tools.measure.board_times import (
    ProcessorTime,
    TaskTime,
    busy_share,
    parse_processors,
    read_process,
    read_threads,
)
from host_tools.power.board_rails import Rails, parse_rails


@dataclass(frozen=True)
class System:
    """Name, kernel, memory and load of a board.

    ``boot`` is a random number for each start of the system. ``load`` is the number of tasks
    that run or wait, averaged over 1, 5 and 15 minutes.
    """

    board: str | None = None
    kernel: str | None = None
    boot: str | None = None
    uptime_s: float | None = None
    load: tuple[float, float, float] | None = None
    memory_kib: int | None = None
    memory_available_kib: int | None = None


@dataclass(frozen=True)
class Snapshot:
    """Everything that was read at one moment.

    ``firmware_clock_khz`` is the clock of the cores as the firmware measures it: also below what
    the governor set, when it throttles. ``process`` and ``threads`` are those of the agent.
    """

    system: System = field(default_factory=System)
    cores: tuple[Core, ...] | None = None
    policies: tuple[FrequencyPolicy, ...] | None = None
    temperatures: tuple[Temperature, ...] = ()
    throttling: Throttling | None = None
    firmware_clock_khz: int | None = None
    rails: Rails | None = None
    processors: dict[str, ProcessorTime] = field(default_factory=dict)
    process: TaskTime | None = None
    threads: tuple[TaskTime, ...] = ()

    @classmethod
    def take(cls, files: BoardFiles, process: str = "self") -> Snapshot:
        """Read all of it; *process* is a number or "self", the reader (for an agent: the agent)."""
        answers = _ask_firmware(files)
        temperatures = read_temperatures(files)
        heard = parse_firmware_temperature(answers.get("measure_temp"))
        return cls(
            system=_read_system(files),
            cores=read_cores(files),
            policies=read_policies(files),
            temperatures=temperatures if heard is None else (*temperatures, heard),
            throttling=read_throttling(files, answers.get("get_throttled")),
            firmware_clock_khz=parse_firmware_clock(answers.get("measure_clock arm")),
            rails=parse_rails(answers.get("pmic_read_adc")),
            processors=parse_processors(files.read_text("/proc/stat")),
            process=read_process(files, process),
            threads=read_threads(files, process),
        )

    def since(self, before: Snapshot) -> Difference:
        """What happened after *before*; nothing is known across a restart of the board."""
        if restarted(before, self):
            return Difference()
        return Difference(
            elapsed_s=_elapsed_s(before.system, self.system),
            busy_shares=_busy_shares(before.processors, self.processors),
            process_ms=_process_ms(before.process, self.process),
            threads=thread_uses(before.threads, self.threads),
            temperature_rises_c=_rises_c(before.temperatures, self.temperatures),
            time_in_state_ms=times_in_state(before.policies, self.policies),
        )


@dataclass(frozen=True)
class ThreadUse:
    """CPU time of one thread between two snapshots, in ms."""

    number: int
    name: str
    cpu_ms: float


@dataclass(frozen=True)
class Difference:
    """Between two snapshots: time that passed and where it went.

    ``busy_shares`` (0 to 1) by "cpu" (all together), "cpu0" ...; ``process_ms`` is CPU time of
    the process; ``temperature_rises_c`` by sensor; ``time_in_state_ms`` by policy, then by kHz.
    """

    elapsed_s: float | None = None
    busy_shares: dict[str, float] = field(default_factory=dict)
    process_ms: float | None = None
    threads: tuple[ThreadUse, ...] = ()
    temperature_rises_c: dict[str, float] = field(default_factory=dict)
    time_in_state_ms: dict[str, dict[int, int]] = field(default_factory=dict)


def restarted(before: Snapshot, after: Snapshot) -> bool:
    """The board started anew between the two."""
    first, second = before.system, after.system
    if first.boot is not None and second.boot is not None:
        return first.boot != second.boot
    elapsed_s = _difference(first.uptime_s, second.uptime_s)
    return elapsed_s is not None and elapsed_s < 0


def _ask_firmware(files: BoardFiles) -> dict[str, str]:
    """Answers by question; a board that leaves the first unanswered has no such firmware."""
    answers: dict[str, str] = {}
    for question in FIRMWARE_QUESTIONS:
        answer = files.query_firmware(question)
        if answer is None:
            break
        answers[question] = answer
    return answers


def _read_system(files: BoardFiles) -> System:
    memory = _memory_kib(files.read_text("/proc/meminfo"))
    return System(
        board=line(files.read_text("/proc/device-tree/model")),
        kernel=line(files.read_text("/proc/sys/kernel/osrelease")),
        boot=line(files.read_text("/proc/sys/kernel/random/boot_id")),
        uptime_s=decimal((files.read_text("/proc/uptime") or "").partition(" ")[0]),
        load=_load(files.read_text("/proc/loadavg")),
        memory_kib=memory.get("MemTotal"),
        memory_available_kib=memory.get("MemAvailable"),
    )


def _load(text: str | None) -> tuple[float, float, float] | None:
    values = [decimal(word) for word in (text or "").split()[:3]]
    known = [value for value in values if value is not None]
    return (known[0], known[1], known[2]) if len(known) == 3 else None


def _memory_kib(text: str | None) -> dict[str, int]:
    """Lines such as "MemTotal:  3884360 kB", where kB are 1024 bytes."""
    found: dict[str, int] = {}
    for entry in (text or "").splitlines():
        name, _, value = entry.partition(":")
        number, _, unit = value.strip().partition(" ")
        size_kib = count(number)
        if size_kib is not None and unit == "kB":
            found[name] = size_kib
    return found


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _elapsed_s(before: System, after: System) -> float | None:
    elapsed_s = _difference(before.uptime_s, after.uptime_s)
    return None if elapsed_s is None else round(elapsed_s, 2)


def _busy_shares(
    before: dict[str, ProcessorTime], after: dict[str, ProcessorTime]
) -> dict[str, float]:
    shares = {name: busy_share(before[name], after[name]) for name in after if name in before}
    return {name: share for name, share in shares.items() if share is not None}


def _process_ms(before: TaskTime | None, after: TaskTime | None) -> float | None:
    if before is None or after is None or _key(before) != _key(after):
        return None
    return after.cpu_ms - before.cpu_ms


def thread_uses(before: tuple[TaskTime, ...], after: tuple[TaskTime, ...]) -> tuple[ThreadUse, ...]:
    """CPU time of each thread that is alive at the end; of one that began in between, all of it."""
    first = {_key(task): task for task in before}
    return tuple(
        ThreadUse(task.number, task.name, _used_ms(first.get(_key(task)), task)) for task in after
    )


def _used_ms(before: TaskTime | None, after: TaskTime) -> float:
    if before is None:
        return after.cpu_ms
    if before.run_ns is None or after.run_ns is None:
        return float(after.user_ms + after.system_ms - before.user_ms - before.system_ms)
    return (after.run_ns - before.run_ns) / 1e6


def _key(task: TaskTime) -> tuple[int, int]:
    return task.number, task.start_ticks


def _rises_c(before: tuple[Temperature, ...], after: tuple[Temperature, ...]) -> dict[str, float]:
    first = {sensor.source: sensor.temperature_c for sensor in before}
    return {
        sensor.source: round(sensor.temperature_c - first[sensor.source], 3)
        for sensor in after
        if sensor.source in first
    }


def times_in_state(
    before: tuple[FrequencyPolicy, ...] | None, after: tuple[FrequencyPolicy, ...] | None
) -> dict[str, dict[int, int]]:
    """ms at each kHz between two readings, by policy; policies that do not tell are left out."""
    first = {policy.name: policy.time_in_state_ms for policy in before or ()}
    spent: dict[str, dict[int, int]] = {}
    for policy in after or ():
        start, end = first.get(policy.name), policy.time_in_state_ms
        if start is None or end is None:
            continue
        passed = {khz: ms - start.get(khz, 0) for khz, ms in end.items()}
        if min(passed.values()) >= 0:
            spent[policy.name] = passed
    return spent

# SPDX-License-Identifier: Apache-2.0
"""The cores of a board and the frequencies they run at, from /proc/cpuinfo and cpufreq."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.devices.board_files import BoardFiles
from host_tools.devices.reading_text import count, cpu_list, line, numbered, whole

_CPU_FOLDER = "/sys/devices/system/cpu"
_MS_PER_TICK = 10
"""time_in_state counts in USER_HZ, 100 a second on every architecture that the kit knows."""

_IMPLEMENTERS = {0x41: "Arm", 0x42: "Broadcom", 0x51: "Qualcomm", 0x53: "Samsung", 0x61: "Apple"}
_ARM_PARTS = {
    **{0xB76: "ARM1176", 0xC07: "Cortex-A7", 0xC08: "Cortex-A8", 0xC09: "Cortex-A9"},
    **{0xC0F: "Cortex-A15", 0xD03: "Cortex-A53", 0xD04: "Cortex-A35", 0xD05: "Cortex-A55"},
    **{0xD07: "Cortex-A57", 0xD08: "Cortex-A72", 0xD09: "Cortex-A73", 0xD0A: "Cortex-A75"},
    **{0xD0B: "Cortex-A76", 0xD0C: "Neoverse-N1", 0xD0D: "Cortex-A77", 0xD40: "Neoverse-V1"},
    **{0xD41: "Cortex-A78", 0xD44: "Cortex-X1", 0xD46: "Cortex-A510", 0xD47: "Cortex-A710"},
    **{0xD48: "Cortex-X2", 0xD49: "Neoverse-N2", 0xD4D: "Cortex-A715", 0xD4E: "Cortex-X3"},
    **{0xD80: "Cortex-A520", 0xD81: "Cortex-A720", 0xD82: "Cortex-X4"},
}


@dataclass(frozen=True)
class Core:
    """One core by its number; ``implementer`` and ``part`` are the codes of its ID register."""

    index: int
    implementer: int | None
    part: int | None
    name: str | None

    @property
    def implementer_name(self) -> str | None:
        """Who designed it, where known."""
        return None if self.implementer is None else _IMPLEMENTERS.get(self.implementer)


@dataclass(frozen=True)
class FrequencyPolicy:
    """Cores that share a clock, and how it is governed; frequencies in kHz.

    ``frequency_khz`` is what the governor set last; ``min_khz`` and ``max_khz`` are its limits,
    ``hardware_min_khz`` and ``hardware_max_khz`` those of the chip. ``time_in_state_ms`` is the
    time spent at each frequency since boot.
    """

    name: str
    cpus: tuple[int, ...] | None
    governor: str | None
    frequency_khz: int | None
    min_khz: int | None
    max_khz: int | None
    hardware_min_khz: int | None
    hardware_max_khz: int | None
    time_in_state_ms: dict[int, int] | None


def read_cores(files: BoardFiles) -> tuple[Core, ...] | None:
    """The cores in use; None when /proc/cpuinfo tells none."""
    text = files.read_text("/proc/cpuinfo")
    found = {core.index: core for core in parse_cpuinfo(text or "")}
    online = cpu_list(files.read_text(f"{_CPU_FOLDER}/online"))
    if online is not None:
        found = {index: found.get(index, Core(index, None, None, None)) for index in online}
    return tuple(found[index] for index in sorted(found)) or None


def parse_cpuinfo(text: str) -> list[Core]:
    """Text of /proc/cpuinfo: a block of "key : value" lines for each processor."""
    cores: list[Core] = []
    for block in text.replace("\r", "").split("\n\n"):
        pairs = [entry.split(":", maxsplit=1) for entry in block.split("\n") if ":" in entry]
        values = {key.strip(): value.strip() for key, value in pairs}
        index = count(values.get("processor"))
        if index is None:
            continue
        implementer = _code(values.get("CPU implementer"))
        part = _code(values.get("CPU part"))
        arm = _ARM_PARTS.get(part) if implementer == 0x41 and part is not None else None
        cores.append(Core(index, implementer, part, arm or line(values.get("model name"))))
    return cores


def read_policies(files: BoardFiles) -> tuple[FrequencyPolicy, ...] | None:
    """Every policy of cpufreq; None where there is none."""
    folder = f"{_CPU_FOLDER}/cpufreq"
    names = numbered(files.list_folder(folder), "policy")
    return tuple(_read_policy(files, folder, name) for name in names) or None


def parse_time_in_state(text: str | None) -> dict[int, int] | None:
    """Lines "frequency in kHz, ticks" as ms by kHz; None when a line is something else."""
    times: dict[int, int] = {}
    for entry in (text or "").splitlines():
        words = entry.split()
        frequency_khz, ticks = (count(word) for word in words) if len(words) == 2 else (None, None)
        if frequency_khz is None or ticks is None:
            return None
        times[frequency_khz] = ticks * _MS_PER_TICK
    return times or None


def _read_policy(files: BoardFiles, folder: str, name: str) -> FrequencyPolicy:
    def read(file: str) -> str | None:
        return files.read_text(f"{folder}/{name}/{file}")

    return FrequencyPolicy(
        name=name,
        cpus=cpu_list(read("affected_cpus")),
        governor=line(read("scaling_governor")),
        frequency_khz=count(read("scaling_cur_freq")),
        min_khz=count(read("scaling_min_freq")),
        max_khz=count(read("scaling_max_freq")),
        hardware_min_khz=count(read("cpuinfo_min_freq")),
        hardware_max_khz=count(read("cpuinfo_max_freq")),
        time_in_state_ms=parse_time_in_state(read("stats/time_in_state")),
    )


def _code(text: str | None) -> int | None:
    """A register's code, mostly "0x41"; old kernels also write decimal numbers."""
    kept = line(text)
    if kept is None:
        return None
    try:
        return int(kept[2:], 16) if kept.startswith("0x") else whole(kept)
    except ValueError:
        return None

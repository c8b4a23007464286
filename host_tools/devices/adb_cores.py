# SPDX-License-Identifier: Apache-2.0
"""The cores of a phone: which are little, mid or big, and where a process ran."""

from __future__ import annotations

import re
from dataclasses import dataclass

from host_tools.devices.adb_address import AdbAddress
from host_tools.devices.adb_client import AdbShell
from host_tools.errors import DeviceError, UsageError

_CPUS = "/sys/devices/system/cpu"
# Kernels before 4.3 have no policy folders, but the same files for each core.
_LIST_CLUSTERS = (
    f"for p in {_CPUS}/cpufreq/policy* {_CPUS}/cpu[0-9]*/cpufreq; do "
    '[ -r "$p/related_cpus" ] && [ -r "$p/cpuinfo_max_freq" ] && '
    'echo "$(cat "$p/cpuinfo_max_freq") $(cat "$p/related_cpus")"; done; true'
)
_LAST_CORE_FIELD = 39  # of /proc/PID/stat, counted from 1


@dataclass(frozen=True)
class Cluster:
    """Cores of one kind. ``max_khz`` is their highest clock."""

    cores: frozenset[int]
    max_khz: int


@dataclass(frozen=True)
class Placement:
    """Where a process may run and on which core it ran last."""

    allowed: frozenset[int]
    last_core: int

    def __str__(self) -> str:
        return f"cores {_text(self.allowed)}, last on core {self.last_core}"


def parse_clusters(listing: str) -> list[Cluster]:
    """Clusters from lines "max_kHz core core ...", slowest first; equal clocks are one cluster."""
    by_clock: dict[int, frozenset[int]] = {}
    for line in listing.splitlines():
        numbers = line.split()
        if len(numbers) > 1 and all(number.isdecimal() for number in numbers):
            khz = int(numbers[0])
            by_clock[khz] = by_clock.get(khz, frozenset()) | {int(core) for core in numbers[1:]}
    return [Cluster(by_clock[khz], khz) for khz in sorted(by_clock)]


def cluster_cores(clusters: list[Cluster], name: str) -> frozenset[int]:
    """Cores of the little, mid or big cluster; mid is all between the slowest and the fastest.

    Raises UsageError where the phone has none of that name.
    """
    middle = clusters[1:-1]
    if len(clusters) < 2 or (name == "mid" and not middle):
        have = "; ".join(f"cores {_text(one.cores)} {one.max_khz} kHz" for one in clusters)
        raise UsageError(f"no {name} cluster here, the phone has: {have or 'no clocks to read'}")
    if name == "mid":
        return frozenset().union(*(one.cores for one in middle))
    return clusters[0 if name == "little" else -1].cores


def choose_cores(shell: AdbShell, address: AdbAddress) -> frozenset[int] | None:
    """Cores that the address asks for and that are online; None: all.

    Raises UsageError for cores that the phone lacks, DeviceError when it is lost.
    """
    if address.core is None and address.cluster is None:
        return None
    if address.cluster is not None:
        clusters = parse_clusters(shell.run(_LIST_CLUSTERS))
        try:
            wanted = cluster_cores(clusters, address.cluster)
        except UsageError as error:
            raise UsageError(f"{shell.name}: {error}") from error
    else:
        wanted = frozenset(() if address.core is None else (address.core,))
    online = parse_cores(shell.run(f"cat {_CPUS}/online"))
    if not wanted & online:
        raise UsageError(f"{shell.name}: not among the cores that are on: {_text(online)}")
    return wanted & online


def pinned(command: str, cores: frozenset[int] | None) -> str:
    """The command, run on those cores only: Android's taskset takes a mask in hex."""
    if cores is None:
        return command
    return f"taskset {sum(1 << core for core in cores):x} {command}"


def parse_cores(text: str) -> frozenset[int]:
    """Cores of the kernel's notation, as "0-3,7"."""
    cores: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            cores.update(range(int(first), int(last or first) + 1))
    return frozenset(cores)


def read_placement(shell: AdbShell, pid_file: str) -> Placement:
    """Where the process of a pid file may run and ran last. Raises DeviceError."""
    text = shell.run(f"p=$(cat {pid_file}) && cat /proc/$p/stat /proc/$p/status")
    stat, _, status = text.partition("\n")
    # the name in parentheses may have spaces; the field after it is the third
    fields = stat.rpartition(")")[2].split()
    allowed = re.search(r"^Cpus_allowed_list:\s*(\S+)", status, re.MULTILINE)
    if len(fields) <= _LAST_CORE_FIELD - 3 or allowed is None:
        raise DeviceError(f"{shell.name}: the phone does not tell where the agent runs")
    return Placement(parse_cores(allowed[1]), int(fields[_LAST_CORE_FIELD - 3]))


def require_placement(name: str, placement: Placement, wanted: frozenset[int] | None) -> None:
    """Raises DeviceError when a process may run outside the cores that were wanted."""
    if wanted is not None and not placement.allowed <= wanted:
        raise DeviceError(
            f"{name}: the phone let the agent run on cores {_text(placement.allowed)} instead of "
            f"{_text(wanted)}; run again"
        )


def _text(cores: frozenset[int]) -> str:
    return ",".join(str(core) for core in sorted(cores))

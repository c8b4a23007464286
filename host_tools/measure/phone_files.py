# SPDX-License-Identifier: Apache-2.0
"""Files of a phone below /proc and /sys, fetched through its shell in one go.

A phone answers a command in tenths of a second, so file by file would take too long.
"""

from __future__ import annotations

from host_tools.devices.reading_text import count
from host_tools.devices.shell import Shell

_MARK = "=percepnet-file "
_PATTERNS = (
    "/proc/cpuinfo /proc/stat /proc/uptime /proc/loadavg /proc/meminfo",
    "/proc/sys/kernel/osrelease /proc/sys/kernel/random/boot_id",
    "/sys/devices/system/cpu/online",
    "/sys/devices/system/cpu/cpufreq/policy*/*_cpus",
    "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor",
    "/sys/devices/system/cpu/cpufreq/policy*/*_freq",
    "/sys/devices/system/cpu/cpufreq/policy*/stats/time_in_state",
    "/sys/class/thermal/thermal_zone*/temp /sys/class/thermal/thermal_zone*/type",
    "/sys/class/power_supply/*/uevent",
    "/sys/class/power_supply/*/*_now /sys/class/power_supply/*/charge_*",
    "/sys/class/power_supply/*/status /sys/class/power_supply/*/type",
    "/sys/bus/iio/devices/iio:device*/energy_value",
)


class FetchedFiles:
    """The files of one answer; see board_files.BoardFiles."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def read_text(self, path: str) -> str | None:
        """Text of a file; None when it did not come."""
        return self._texts.get(path)

    def list_folder(self, path: str) -> list[str]:
        """Sorted names of what came from below a folder."""
        start = path.rstrip("/") + "/"
        below = [name[len(start) :] for name in self._texts if name.startswith(start)]
        return sorted({name.partition("/")[0] for name in below})

    def query_firmware(self, what: str) -> str | None:
        """Nothing: no phone has such a firmware."""
        return None


def fetch(shell: Shell, process: int | None = None) -> FetchedFiles:
    """All that readings are made of; with *process*, its times and those of its threads too."""
    return FetchedFiles(parse_files(shell.run(fetch_command(process))))


def fetch_command(process: int | None = None) -> str:
    """The shell command that prints every readable file behind a line with its path."""
    patterns = " ".join(_PATTERNS)
    if process is not None:
        threads = f"/proc/{process}/task/*"
        patterns = f"{patterns} /proc/{process}/stat {threads}/stat {threads}/schedstat"
    # Without -f a pattern that fits nothing, or a folder, would be printed as a file.
    return (
        f'for f in {patterns}; do if [ -f "$f" ] && [ -r "$f" ]; then '
        f'echo "{_MARK}$f"; cat "$f" 2>/dev/null; echo; fi; done; true'
    )


def parse_files(text: str | None) -> dict[str, str]:
    """Texts by path."""
    texts: dict[str, str] = {}
    parts = ("\n" + (text or "").replace("\r\n", "\n")).split(f"\n{_MARK}")
    for part in parts[1:]:
        path, _, content = part.partition("\n")
        if path.startswith("/") and path.isprintable():
            texts[path] = content
    return texts


def process_number(text: str | None) -> int | None:
    """A process by the text of its pid file; None when it is no number above 0."""
    number = count(text)
    return number or None

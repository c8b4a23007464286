# SPDX-License-Identifier: Apache-2.0
"""Numbers in the texts of /proc and /sys: what is none, or cannot be one, is None."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"-?[0-9]{1,20}")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_CPUS_MAX = 4096
_MILLIVOLTS = (2_000, 20_000)


def line(text: str | None) -> str | None:
    """The only or first line without blanks and NULs around it; None when nothing is left."""
    if text is None:
        return None
    kept = text.strip("\0 \t\r\n").split("\n", maxsplit=1)[0].strip()
    return kept if kept.isprintable() and kept else None


def whole(text: str | None) -> int | None:
    """A whole number and nothing else."""
    kept = line(text)
    return int(kept) if kept is not None and _WHOLE.fullmatch(kept) else None


def count(text: str | None) -> int | None:
    """A whole number that is not negative."""
    value = whole(text)
    return value if value is not None and value >= 0 else None


def decimal(text: str | None) -> float | None:
    """A finite decimal number without exponent and nothing else."""
    kept = line(text)
    return float(kept) if kept is not None and _DECIMAL.fullmatch(kept) else None


def millivolts(voltage: int | None) -> int | None:
    """A battery's voltage that was given in mV or in µV; None when it can be neither."""
    if voltage is None:
        return None
    low, high = _MILLIVOLTS
    if low <= voltage <= high:
        return voltage
    return voltage // 1000 if low * 1000 <= voltage <= high * 1000 else None


def cpu_list(text: str | None) -> tuple[int, ...] | None:
    """CPU numbers as the kernel lists them: "0-3,6" or "0 1 2 3"."""
    kept = line(text)
    if kept is None:
        return None
    cpus: set[int] = set()
    for part in re.split(r",| +", kept):
        ends = [count(end) for end in part.split("-", maxsplit=1)]
        first, last = ends[0], ends[-1]
        if first is None or last is None or not first <= last < _CPUS_MAX:
            return None
        cpus.update(range(first, last + 1))
    return tuple(sorted(cpus))


def numbered(names: list[str], start: str) -> list[str]:
    """The names that are *start* and a number, in the order of the numbers."""
    kept = [name for name in names if re.fullmatch(re.escape(start) + "[0-9]{1,6}", name)]
    return sorted(kept, key=lambda name: int(name[len(start) :]))

# SPDX-License-Identifier: Apache-2.0
"""Made traces whose energy is known by their formula."""

from __future__ import annotations

import numpy as np

from host_tools.power.recording import Mark, Recording, Series, recording

VOLTAGE_V = 3.8


def block_marks(pairs: int, block_s: float, gap_s: float = 0.0) -> tuple[Mark, ...]:
    """Idle, load, ..., idle, each *block_s* long with *gap_s* between them."""
    marks: list[Mark] = []
    for at in range(2 * pairs + 1):
        kind = "idle" if at % 2 == 0 else "load"
        begin_s = at * (block_s + gap_s)
        marks.append(Mark(f"{kind}_begin", begin_s))  # type: ignore[arg-type]
        marks.append(Mark(f"{kind}_end", begin_s + block_s))  # type: ignore[arg-type]
    return tuple(marks)


def square_load(
    marks: tuple[Mark, ...], period_s: float, idle_mw: float, above_mw: float
) -> tuple[Series, Series]:
    """(time, power in mW): *above_mw* more within each load block."""
    time_s = np.arange(0.0, marks[-1].time_s + period_s, period_s)
    power_mw = np.full(len(time_s), idle_mw)
    for begin, end in zip(marks[0::2], marks[1::2], strict=True):
        if begin.label == "load_begin":
            power_mw[(time_s >= begin.time_s) & (time_s < end.time_s)] += above_mw
    return time_s, power_mw


def as_recording(time_s: Series, power_mw: Series, marks: tuple[Mark, ...]) -> Recording:
    """The power at a constant voltage."""
    current_a = power_mw / 1e3 / VOLTAGE_V
    return recording("test", time_s, current_a, np.full(len(time_s), VOLTAGE_V), marks)

# SPDX-License-Identifier: Apache-2.0
"""frames.csv: the time of every frame of every timed run, and how late each period was begun."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.devices.base import RunResult
from host_tools.errors import DataError
from host_tools.files import whole_file
from host_tools.measure.pacing import wake_ups_us

HEADER = ("pace_ms", "repeat", "frame", "time_us", "wake_up_us")

Values = NDArray[np.float64]


@dataclass(frozen=True)
class FrameRun:
    """One timed run: microseconds of each frame, and of each period's wake-up (empty: unknown)."""

    pace_ms: int
    time_us: Values
    wake_up_us: Values


FrameTable = dict[int, list[FrameRun]]
"""Runs by pace in ms (0: unpaced), in the order in which they ran."""


def write_frames(runs: dict[int, list[RunResult]], path: Path) -> None:
    """Write one row a frame; ``wake_up_us`` stands at a period's first frame. Raises DataError."""
    with whole_file(path) as part, part.open("w", encoding="ascii", newline="") as file:
        file.write(",".join(HEADER) + "\n")
        for pace_ms, repeats in runs.items():
            for number, run in enumerate(repeats, start=1):
                rows = zip(count(), run.frame_times_ns.tolist(), _wake_ups(run), strict=False)
                file.writelines(
                    f"{pace_ms},{number},{frame},{time_ns / 1e3:.4f},{wake_up}\n"
                    for frame, time_ns, wake_up in rows
                )


def read_frames(path: Path) -> FrameTable:
    """Read what ``write_frames`` wrote. Raises DataError with file and line."""
    table: dict[tuple[int, int], tuple[list[float], list[float]]] = {}
    try:
        with path.open(encoding="ascii", newline="") as file:
            reader = csv.reader(file)
            if tuple(next(reader, ())) != HEADER:
                raise DataError(f"{path}: does not begin with {','.join(HEADER)}")
            for row in reader:
                try:
                    pace_ms, repeat, frame, time_us, wake_up = row
                    times, wake_ups = table.setdefault((int(pace_ms), int(repeat)), ([], []))
                    if int(frame) != len(times) or not np.isfinite(float(time_us)):
                        raise ValueError(frame)
                    times.append(float(time_us))
                    if wake_up:
                        wake_ups.append(float(wake_up))
                except ValueError:
                    raise DataError(
                        f"{path}: line {reader.line_num} is no row of frame times; "
                        "the file is cut off or changed, copy it again"
                    ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: is no text of frame times ({error}); copy it again") from error
    found: FrameTable = {}
    for (pace, _), (times, wake_ups) in table.items():
        run = FrameRun(pace, np.asarray(times), np.asarray(wake_ups))
        found.setdefault(pace, []).append(run)
    return found


def _wake_ups(run: RunResult) -> Iterator[str]:
    """A text for each frame, empty but at the first of a period that tells."""
    period_frames = max(run.frames_per_call, run.pace_ms // 10)
    late = [] if run.wake_ups_ns is None else wake_ups_us(run).tolist()
    for frame in range(run.frames):
        period, rest = divmod(frame, period_frames)
        yield f"{late[period]:.3f}" if rest == 0 and period < len(late) else ""

# SPDX-License-Identifier: Apache-2.0
"""``csv:FILE``: a trace that was recorded at another time, in place of a meter."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from host_tools.errors import DataError
from host_tools.power.address import MeterAddress
from host_tools.power.csv_file import read_trace
from host_tools.power.meter import PowerMeter
from host_tools.power.recording import Mark, MarkLabel, MeterFacts, Recording

EXAMPLE = "csv:trace.csv?voltage_v=3.7"


class CsvReplay(PowerMeter):
    """Hands over the trace with its own marks; without such, with those of the run.

    The first sample then counts as the moment of ``start``.
    """

    def __init__(self, rest: str) -> None:
        """*rest* is what follows ``csv:``. Raises UsageError."""
        self._address = MeterAddress.parse("csv", rest, ("voltage_v",), EXAMPLE)
        self._address.needs_target("file")
        self._voltage_v: float | None = None
        if "voltage_v" in self._address.options:
            self._voltage_v = self._address.number("voltage_v", 0.1, 1000.0)
        self._trace: Recording | None = None
        self._marks: list[tuple[MarkLabel, float]] = []

    def open(self) -> MeterFacts:
        """See PowerMeter."""
        self._trace = read_trace(Path(self._address.target), self._voltage_v)
        return MeterFacts(
            name=self._address.name, measures="what the file recorded", is_replay=True
        )

    def start(self) -> None:
        """See PowerMeter."""
        self._marks.clear()
        self._start_s = time.monotonic()

    def mark(self, label: MarkLabel) -> None:
        """See PowerMeter."""
        self._marks.append((label, time.monotonic() - self._start_s))

    def stop(self) -> Recording:
        """See PowerMeter; DataError when the trace is shorter than the run."""
        assert self._trace is not None
        if self._trace.marks:
            return self._trace
        first_s, last_s = float(self._trace.time_s[0]), float(self._trace.time_s[-1])
        run_s = time.monotonic() - self._start_s
        if last_s - first_s < run_s:
            raise DataError(
                f"{self._address.name}: the trace has {last_s - first_s:.1f} s, the run took "
                f"{run_s:.1f} s; record a longer one or put marks into its column 'mark'"
            )
        marks = tuple(Mark(label, first_s + at_s) for label, at_s in self._marks)
        return replace(self._trace, marks=marks)

    def close(self) -> None:
        """See PowerMeter."""
        self._trace = None

# SPDX-License-Identifier: Apache-2.0
"""``lines:PORT?columns=...``: an instrument that sends a line of numbers for each sample."""

from __future__ import annotations

import math
import re
import time
from array import array

import numpy as np

from host_tools.errors import DataError, UsageError
from host_tools.power.address import MeterAddress
from host_tools.power.clock import ClockFit
from host_tools.power.columns import Layout, layout_of
from host_tools.power.line_port import LinePort
from host_tools.power.recording import MeterFacts, Recording, recording
from host_tools.power.threaded_meter import ThreadedMeter
from host_tools.power.unreadable import Unreadable

EXAMPLE = "lines:/dev/ttyUSB0?columns=time_s,current_ma,voltage_v"
_OPTIONS = ("baud", "columns", "voltage_v")
_WAIT_S = 0.1
_SEPARATORS = re.compile(r"[,;\t ]+")


class Lines(ThreadedMeter):
    """Reads lines such as ``0.25,81.4,3.7``.

    ``columns`` names what they hold, with units; other names skip a column. Without a time column
    the moment counts when a line arrives.
    """

    def __init__(self, rest: str) -> None:
        """*rest* is what follows ``lines:``. Raises UsageError."""
        self._address = MeterAddress.parse("lines", rest, _OPTIONS, EXAMPLE)
        self._address.needs_target("port")
        super().__init__(self._address.name)
        columns = self._address.options.get("columns", "")
        if not columns:
            raise UsageError(f"'{self.name}' lacks columns=; write for example {EXAMPLE}")
        voltage_v = None
        if "voltage_v" in self._address.options:
            voltage_v = self._address.number("voltage_v", 0.1, 1000.0)
        try:
            self._layout: Layout = layout_of(columns.split(","), voltage_v, f"'{self.name}'")
        except DataError as error:
            raise UsageError(str(error)) from error
        self._port: LinePort | None = None

    def open(self) -> MeterFacts:
        """See PowerMeter."""
        self._port = LinePort(self._address)
        return MeterFacts(name=self.name, measures="what the instrument is connected to")

    def start(self) -> None:
        """See PowerMeter."""
        assert self._port is not None
        self._values = array("d")
        self._arrivals_s = array("d")
        self._clock = ClockFit()
        self._unreadable = Unreadable(self.name)
        self._is_first = True
        self._meter_s = -math.inf
        while self._port.read_lines(0.0):  # from before the start
            pass
        self._last_s = time.monotonic()
        self.begin_reading(self._read, self._newest_s)

    def stop(self) -> Recording:
        """See PowerMeter."""
        self.end_reading()
        self._unreadable.check()
        table = np.frombuffer(self._values).reshape(-1, len(self._layout.numbers))
        current_a, voltage_v = self._layout.current_and_voltage(table)
        arrivals_s = np.frombuffer(self._arrivals_s)
        # an arrival may be late by as much as the pause before it
        times, error_ppm, doubt_s = arrivals_s, None, float(np.median(np.diff(arrivals_s)))
        if self._layout.time is not None:
            line = self._clock.line()
            times = line.at(self._layout.series(table, self._layout.time))
            error_ppm, doubt_s = line.error_ppm, line.delay_s
        return recording(
            self.name,
            times - self.start_s,
            current_a,
            voltage_v,
            self.marks(doubt_s),
            dropped_samples=self._unreadable.count,
            clock_error_ppm=error_ppm,
        )

    def close(self) -> None:
        """See PowerMeter."""
        super().close()
        if self._port is not None:
            self._port.close()

    def _read(self) -> bool:
        assert self._port is not None
        lines = self._port.read_lines(_WAIT_S)
        now_s = time.monotonic()
        if self._is_first and lines:
            lines = lines[1:]  # its beginning may be missing
            self._is_first = False
        rows = [row for row in map(self._row, lines) if row is not None]
        self._check_time(rows)
        if not rows:
            return False
        # lines that come together were measured one after the other
        for at, row in enumerate(rows, 1):
            arrival_s = self._last_s + (now_s - self._last_s) * at / len(rows)
            self._arrivals_s.append(arrival_s)
            self._values.extend(row)
        if self._layout.time is not None:
            self._clock.add(self._meter_s, now_s)
        self._last_s = now_s
        return True

    def _newest_s(self) -> float:
        return self._last_s if self._layout.time is None else self._clock.newest_s()

    def _row(self, line: str) -> list[float] | None:
        """The needed numbers of a line; None for a comment and for one that cannot be read."""
        if line.startswith("#"):
            return None
        cells = _SEPARATORS.split(line)
        try:
            row = [float(cells[column.at]) for column in self._layout.numbers]
        except (ValueError, IndexError):
            self._unreadable.bad(line)
            return None
        self._unreadable.good()
        return row

    def _check_time(self, rows: list[list[float]]) -> None:
        """Raises DataError when the instrument's time, if it sends one, does not rise."""
        column = self._layout.time
        if column is None:
            return
        at = self._layout.numbers.index(column)
        for row in rows:
            meter_s = row[at] / (column.divisor or 1.0)
            if not meter_s > self._meter_s:
                raise DataError(
                    f"{self.name}: its time does not rise: {meter_s:g} s after "
                    f"{self._meter_s:g} s; was it restarted?"
                )
            self._meter_s = meter_s

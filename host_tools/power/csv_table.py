# SPDX-License-Identifier: Apache-2.0
"""A CSV file with headings, read in chunks: memory is needed for its numbers only."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.power.columns import Column, layout_of
from host_tools.power.recording import Series

_CHUNK_LINES = 16_384
_LONGEST_LINE = 65_536
_HEADER_WITHIN_LINES = 50
_ZONE = re.compile(r"(?:[Zz]|([+-])(\d\d):?(\d\d))$")
_LEAST_CALENDAR_S = 1e8
"""1973 as Unix time: a time since the start of a trace is shorter."""

_UNIX_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""(least number, its units in a second): ns, us, ms."""


class MarkCell(NamedTuple):
    """What stands in the column of marks: line number, time in s, text."""

    line: int
    time_s: float
    text: str


@dataclass(frozen=True)
class Chunk:
    """Rows that follow each other: s, A, V and the marks among them."""

    time_s: Series
    current_a: Series
    voltage_v: Series
    marks: list[MarkCell]


class _Line(NamedTuple):
    number: int
    text: str


class CsvTable:
    """The table in an open text file.

    ``comments`` are the lines before the headings; ``is_whole_line``: the last one read had an end.

    Comma, semicolon or tab between cells; with the last two a decimal comma is fine. Raises
    DataError with *path* and line.
    """

    def __init__(self, path: Path, file: TextIO, voltage_v: float | None) -> None:
        self._path = path
        self._file = file
        self._number = 0
        self._first_s: float | None = None
        self._last_s = -math.inf
        self.comments: list[str] = []
        self.is_whole_line = True
        header = self._find_header()
        self._separator = _separator(header.text)
        self._headings = next(csv.reader([header.text], delimiter=self._separator))
        where = f"{path}: line {header.number}"
        self._layout = layout_of(self._headings, voltage_v, where)
        if self._layout.time is None:
            raise DataError(f"{where}: no column of time; name it for example time_s or Time (ms)")
        self._time: Column = self._layout.time
        self._time_at = self._layout.numbers.index(self._time)
        self._time_divisor = self._time.divisor

    def chunks(self) -> Iterator[Chunk]:
        """All rows. Times of a calendar (ISO 8601, Unix) become seconds from the first sample."""
        while lines := list(islice(self._lines(), _CHUNK_LINES)):
            marks: list[MarkCell] = []
            numbers = [line.number for line in lines]
            table = None if self._has_marks(lines) else self._fast(lines)
            if table is None:
                rows = [row for line in lines if (row := self._row(line, marks)) is not None]
                numbers = [number for number, _ in rows]
                table = np.array([row for _, row in rows], dtype=np.float64)
                table = table.reshape(-1, len(self._layout.numbers))
            current_a, voltage_v = self._layout.current_and_voltage(table)
            times = self._times(table[:, self._time_at])
            self._check_rising(times, numbers)
            marks = [
                mark._replace(time_s=float(self._times(np.array([mark.time_s]))[0]))
                for mark in marks
            ]
            yield Chunk(times, current_a, voltage_v, marks)

    def _read_line(self) -> _Line | None:
        text = self._file.readline(_LONGEST_LINE)
        if not text:
            return None
        self._number += 1
        self.is_whole_line = text.endswith(("\n", "\r"))
        if len(text) == _LONGEST_LINE:
            raise DataError(f"{self._path}: line {self._number}: too long, this is no CSV file")
        return _Line(self._number, text)

    def _find_header(self) -> _Line:
        """The first line that names current or power, else the first that is no comment."""
        first = None
        for _ in range(_HEADER_WITHIN_LINES):
            if (line := self._read_line()) is None:
                break
            line = line._replace(text=line.text.strip("\r\n"))
            try:
                layout_of(next(csv.reader([line.text], delimiter=_separator(line.text))), 1.0, "")
                return line
            except (DataError, StopIteration, csv.Error) as error:
                if "all hold" in str(error) or "names no unit" in str(error):
                    return line
            if line.text.startswith("#"):
                self.comments.append(line.text)
            elif line.text.strip():
                first = first or line
        if first is None:
            raise DataError(f"{self._path}: is empty")
        return first

    def _lines(self) -> Iterator[_Line]:
        """The lines of data, without comments and empty ones."""
        while (line := self._read_line()) is not None:
            if not line.text.startswith("#") and line.text.strip():
                yield line

    def _has_marks(self, lines: list[_Line]) -> bool:
        if self._layout.mark is None:
            return False
        at, separator = self._layout.mark.at, self._separator
        return any("".join(line.text.split(separator)[at : at + 1]).strip() for line in lines)

    def _fast(self, lines: list[_Line]) -> NDArray[np.float64] | None:
        """The numbers by NumPy; None when a line needs a closer look."""
        texts = [self._with_points(line.text) for line in lines]
        columns = [column.at for column in self._layout.numbers]
        try:
            return np.loadtxt(
                texts,
                delimiter=self._separator,
                usecols=columns,
                ndmin=2,
                comments=None,
                quotechar='"',
            )
        except ValueError:
            return None

    def _with_points(self, text: str) -> str:
        return text if self._separator == "," else text.replace(",", ".")

    def _row(self, line: _Line, marks: list[MarkCell]) -> tuple[int, list[float]] | None:
        """Line number and numbers of a sample; None when the line holds only a mark."""
        try:
            cells = next(csv.reader([self._with_points(line.text)], delimiter=self._separator))
        except csv.Error as error:
            raise self._error(line, f"{error}") from error
        columns = self._layout.numbers
        if len(cells) <= max(column.at for column in columns):
            raise self._error(line, f"{len(cells)} cells where the headings name more")
        row = [self._cell(line, cells[column.at], column) for column in columns]
        mark = self._layout.mark
        text = cells[mark.at].strip() if mark is not None and len(cells) > mark.at else ""
        if text:
            marks.append(MarkCell(line.number, row[self._time_at], text))
            others = [value for at, value in enumerate(row) if at != self._time_at]
            if all(math.isnan(value) for value in others):
                return None
        return line.number, row

    def _cell(self, line: _Line, text: str, column: Column) -> float:
        text = text.strip()
        if not text:
            return math.nan
        try:
            return float(text)
        except ValueError:
            if column is not self._time:
                raise self._error(line, f"'{text[:40]}' is not a number") from None
        try:
            return _iso_s(text)
        except ValueError:
            raise self._error(line, f"'{text[:40]}' is no time in s or ISO 8601") from None

    def _error(self, line: _Line, what: str) -> DataError:
        if not line.text.endswith(("\n", "\r")):
            what += ": the file is cut off here, save or copy it again"
        return DataError(f"{self._path}: line {line.number}: {what}")

    def _times(self, raw: Series) -> Series:
        """Times in s; the first ones show the unit where the heading does not."""
        finite = raw[np.isfinite(raw)]
        if self._first_s is None and len(finite):
            value = float(finite[0])
            if self._time_divisor is None:
                self._time_divisor = next((n for least, n in _UNIX_UNITS if value >= least), 1.0)
            first_s = value / self._time_divisor
            self._first_s = first_s if first_s >= _LEAST_CALENDAR_S else 0.0
        divisor = self._time_divisor or 1.0
        times = raw if divisor == 1.0 else raw / divisor
        return times - self._first_s if self._first_s else times

    def _check_rising(self, times: Series, numbers: list[int]) -> None:
        finite = np.flatnonzero(np.isfinite(times))
        steps = np.diff(times[finite], prepend=self._last_s)
        backwards = np.flatnonzero(steps <= 0)
        if len(backwards):
            at = int(finite[backwards[0]])
            raise DataError(
                f"{self._path}: line {numbers[at]}: time does not rise: "
                f"{times[at]:.6f} s, {-steps[backwards[0]]:.6f} s before the sample above it; "
                "sort the samples by time"
            )
        if len(finite):
            self._last_s = float(times[finite[-1]])


def _separator(line: str) -> str:
    return "\t" if "\t" in line else ";" if ";" in line else ","


def _iso_s(text: str) -> float:
    """Unix time of an ISO 8601 date and time; without a zone as if it were UTC."""
    zone = _ZONE.search(text) if ":" in text else None
    offset_s = 0.0
    if zone is not None:
        text = text[: zone.start()]
        if zone[1]:
            offset_s = float(f"{zone[1]}1") * (3600 * int(zone[2]) + 60 * int(zone[3]))
    return float(np.datetime64(text, "ns").astype(np.int64)) / 1e9 - offset_s

# SPDX-License-Identifier: Apache-2.0
"""Power traces as CSV: our own ``power.csv`` and what other programs export.

Ours has the columns ``time_s,current_a,voltage_v,mark``. A mark has a row of its own with time and
label, and ``+-`` with its uncertainty in seconds. A first comment line holds what a table cannot.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO, cast, get_args

import numpy as np

from host_tools.errors import DataError
from host_tools.files import whole_file
from host_tools.power.csv_table import Chunk, CsvTable, MarkCell
from host_tools.power.milliseconds import NOTE, Milliseconds, is_fast
from host_tools.power.recording import Mark, MarkLabel, Recording, recording

HEADER = "time_s,current_a,voltage_v,mark"
_FACTS = "# recording: "
_ROWS_AT_ONCE = 16_384
_MARK = re.compile(r"^([a-z_]+)(?:\+-(\S+))?$")


def write_trace(record: Recording, path: Path) -> None:
    """Write a recording so that ``read_trace`` gives the same one. Raises DataError."""
    facts = {
        fact.name: getattr(record, fact.name)
        for fact in fields(record)
        if fact.name not in (*HEADER.split(","), "marks")
    }
    facts["rows"] = len(record.time_s) + len(record.marks)
    places = np.searchsorted(record.time_s, [mark.time_s for mark in record.marks]).tolist()
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{_FACTS}{json.dumps(facts)}\n{HEADER}\n")
        begin = 0
        for end, mark in sorted(zip(places, record.marks, strict=True), key=lambda pair: pair[0]):
            _write_samples(file, record, begin, end)
            doubt = f"+-{mark.uncertainty_s!r}" if mark.uncertainty_s else ""
            file.write(f"{mark.time_s!r},,,{mark.label}{doubt}\n")
            begin = end
        _write_samples(file, record, begin, len(record.time_s))


def read_trace(path: Path, voltage_v: float | None = None) -> Recording:
    """Read a trace; *voltage_v* stands in for a voltage that it does not hold.

    Cells that are empty or NaN are counted as dropped samples. Of another program's trace with
    several samples a millisecond the means over 1 ms are kept, energy and all.
    Raises DataError with file and line.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            return _recording_of(path, CsvTable(path, file, voltage_v))
    except OSError as error:
        raise DataError(f"{path}: cannot read: {error.strerror or error}") from error


def _recording_of(path: Path, table: CsvTable) -> Recording:
    facts = _facts(path, table.comments)
    rows = facts.pop("rows", None)
    chunks: list[Chunk] = []
    marks: list[Mark] = []
    thin: Milliseconds | None = None
    for chunk in table.chunks():
        marks += [_mark(path, cell) for cell in chunk.marks]
        if not chunks and thin is None and rows is None and is_fast(chunk):
            thin = Milliseconds()
        chunks.append(chunk)
        if thin is not None:
            thin.add(chunks.pop())
    if thin is not None:
        chunks.append(thin.result())
        facts = {"dropped_samples": thin.dropped, "notes": (NOTE,)}
    if not any(len(chunk.time_s) for chunk in chunks):
        raise DataError(f"{path}: holds no samples, only headings")
    record = recording(
        str(path),
        np.concatenate([chunk.time_s for chunk in chunks]),
        np.concatenate([chunk.current_a for chunk in chunks]),
        np.concatenate([chunk.voltage_v for chunk in chunks]),
        tuple(marks),
        **facts,
    )
    found = len(record.time_s) + len(record.marks)
    if rows is not None and (rows != found or not table.is_whole_line):
        raise DataError(
            f"{path}: holds {found} of {rows} rows: the file is cut off or changed, copy it again"
        )
    return record


def _write_samples(file: TextIO, record: Recording, begin: int, end: int) -> None:
    for at in range(begin, end, _ROWS_AT_ONCE):
        piece = slice(at, min(at + _ROWS_AT_ONCE, end))
        columns = (record.time_s, record.current_a, record.voltage_v)
        rows = zip(*(column[piece].tolist() for column in columns), strict=True)
        file.write("".join(f"{t!r},{i!r},{v!r},\n" for t, i, v in rows))


def _facts(path: Path, comments: list[str]) -> dict[str, Any]:
    """The arguments of ``recording`` that our first line holds; none in a file of others."""
    ours = [line.removeprefix(_FACTS) for line in comments if line.startswith(_FACTS)]
    if not ours:
        return {}
    try:
        facts = json.loads(ours[0])
        return {**facts, "notes": tuple(facts["notes"])}
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: its first line is damaged; delete it or copy the file") from error


def _mark(path: Path, cell: MarkCell) -> Mark:
    found = _MARK.match(cell.text)
    labels = get_args(MarkLabel)
    try:
        if found is None or found[1] not in labels or math.isnan(cell.time_s):
            raise ValueError(cell.text)
        return Mark(cast(MarkLabel, found[1]), cell.time_s, float(found[2] or 0.0))
    except ValueError:
        raise DataError(
            f"{path}: line {cell.line}: '{cell.text[:40]}' is no mark; "
            f"there are {', '.join(labels)}, and a mark needs a time"
        ) from None

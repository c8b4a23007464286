# SPDX-License-Identifier: Apache-2.0
"""Which column of a table is time, current, voltage or power, and in which unit, by its heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.power.recording import Series

Quantity = Literal["time", "current", "voltage", "power", "mark"]

_PREFIXES = {"": 1.0, "m": 1e3, "u": 1e6, "n": 1e9}
_SYMBOLS: dict[str, Quantity] = {"s": "time", "a": "current", "v": "voltage", "w": "power"}
_UNITS: dict[str, tuple[Quantity, float]] = {
    prefix + symbol: (quantity, divisor)
    for symbol, quantity in _SYMBOLS.items()
    for prefix, divisor in _PREFIXES.items()
} | {
    "sec": ("time", 1.0),
    "seconds": ("time", 1.0),
    "amps": ("current", 1.0),
    "volts": ("voltage", 1.0),
    "watts": ("power", 1.0),
}
_WORDS: dict[str, Quantity] = {
    **dict.fromkeys(("time", "timestamp", "t", "elapsed", "date", "datetime", "utc"), "time"),
    **dict.fromkeys(("current", "i"), "current"),
    **dict.fromkeys(("voltage", "u"), "voltage"),
    **dict.fromkeys(("power", "p"), "power"),
    **dict.fromkeys(("mark", "marker"), "mark"),
}
_NOT_A_MEAN = {"min", "max", "std", "p2p", "rms", "peak"}
_BRACKETS = re.compile(r"^(.*?)\s*[(\[]\s*([^)\]]*?)\s*[)\]]$")
_SUFFIX = re.compile(r"^(.*)_([a-z]+)$")


@dataclass(frozen=True)
class Column:
    """One column: its place, its heading and what it holds, in s, A, V or W times ``divisor``.

    ``divisor`` is None when the heading names no unit.
    """

    at: int
    heading: str
    quantity: Quantity
    divisor: float | None


def column_of(at: int, heading: str) -> Column | None:
    """What a heading such as ``Current (uA)``, ``voltage_mv`` or ``mA`` means; None: nothing here.

    The micro sign may have been lost to a wrong character set.
    """
    text = heading.strip(' \t"#').lower()
    for sign in "\u00b5\u03bc\ufffd":
        text = text.replace(sign, "u")
    found = _BRACKETS.match(text) or _SUFFIX.match(text)
    name, unit = (found[1], found[2]) if found else (text, "")
    if unit not in _UNITS:
        name, unit = text, ""
    words = re.findall(r"[a-z0-9]+", name)
    if _NOT_A_MEAN.intersection(words):
        return None
    if not unit and text in _UNITS:
        return Column(at, heading.strip(), *_UNITS[text])
    meanings = [_WORDS[word] for word in words if word in _WORDS]
    if not unit:
        return Column(at, heading.strip(), meanings[0], None) if meanings else None
    quantity, divisor = _UNITS[unit]
    return Column(at, heading.strip(), quantity, divisor) if quantity in meanings else None


@dataclass(frozen=True)
class Layout:
    """The columns of a table that make a recording; ``voltage_v`` stands in for a voltage column.

    Either a current column or a power column is there.
    """

    time: Column | None
    current: Column | None
    power: Column | None
    voltage: Column | None
    voltage_v: float | None
    mark: Column | None

    @property
    def numbers(self) -> tuple[Column, ...]:
        """The columns that hold needed numbers, in the order of the table."""
        needed = [self.time, self.voltage, self.current or self.power]
        return tuple(sorted((c for c in needed if c is not None), key=lambda column: column.at))

    def series(self, table: NDArray[np.float64], column: Column) -> Series:
        """A column in s, A, V or W of a table of ``numbers`` [rows, columns]."""
        values: Series = table[:, self.numbers.index(column)]
        return values if column.divisor in (None, 1.0) else values / column.divisor

    def current_and_voltage(self, table: NDArray[np.float64]) -> tuple[Series, Series]:
        """Current in A and voltage in V; the current from the power where only that is there."""
        if self.voltage is not None:
            voltage_v = self.series(table, self.voltage)
        else:
            voltage_v = np.full(len(table), self.voltage_v)
        if self.current is not None:
            return self.series(table, self.current), voltage_v
        assert self.power is not None
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.series(table, self.power) / voltage_v, voltage_v


def layout_of(headings: Sequence[str], voltage_v: float | None, where: str) -> Layout:
    """Find the columns by their *headings*.

    Raises DataError that begins with *where*: current and power missing, no voltage, no unit, two
    columns of a kind.
    """
    columns = [c for at, heading in enumerate(headings) if (c := column_of(at, heading))]
    time, current, voltage, power, mark = (
        _only([c for c in columns if c.quantity == quantity], where)
        for quantity in ("time", "current", "voltage", "power", "mark")
    )
    known = "".join(c for c in ", ".join(headings) if c.isprintable())[:100]
    if current is None and power is None:
        raise DataError(
            f"{where}: no column of current or power in '{known}'; name it with its unit, "
            "for example current_a or Current (mA)"
        )
    if voltage_v is not None:
        voltage = None
    elif voltage is None:
        raise DataError(
            f"{where}: no column of voltage in '{known}'; "
            "give the supply voltage with the option voltage_v=, for example voltage_v=3.7"
        )
    for column in (current or power, voltage):
        if column is not None and column.divisor is None:
            raise DataError(
                f"{where}: column '{column.heading}' names no unit; "
                f"write for example {column.quantity} (m{_symbol(column.quantity)})"
            )
    return Layout(time, current, power, voltage, voltage_v, mark)


def _only(columns: list[Column], where: str) -> Column | None:
    """The one column of its kind, or the main one of several channels."""
    if len(columns) > 1:
        main = [column for column in columns if "main" in column.heading.lower()]
        if len(main) != 1:
            names = ", ".join(f"'{column.heading}'" for column in columns)
            raise DataError(f"{where}: {names} all hold {columns[0].quantity}; keep one of them")
        return main[0]
    return columns[0] if columns else None


def _symbol(quantity: Quantity) -> str:
    return next(symbol for symbol, held in _SYMBOLS.items() if held == quantity).upper()

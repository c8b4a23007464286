# SPDX-License-Identifier: Apache-2.0
"""How many answers or lines of an instrument could not be read, and when that is too many."""

from __future__ import annotations

from host_tools.errors import DataError

MOST_IN_A_ROW = 20
MOST_PERCENT = 5.0


class Unreadable:
    """Counts what could not be read; one slip is forgiven, a wrong set-up is not."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = ""
        self._in_a_row = 0
        self._good = 0
        self.count = 0

    def good(self) -> None:
        """A sample was read."""
        self._in_a_row = 0
        self._good += 1

    def bad(self, text: str) -> None:
        """*text* could not be read. Raises DataError when it is one of too many in a row."""
        self.count += 1
        self._in_a_row += 1
        self._last = text
        if self._in_a_row >= MOST_IN_A_ROW:
            raise DataError(self._message(f"{self._in_a_row} lines in a row"))

    def check(self) -> None:
        """Raises DataError when too large a part of all was bad."""
        total = self._good + self.count
        if total and 100 * self.count > MOST_PERCENT * total and self.count > 1:
            raise DataError(self._message(f"{self.count} of {total} lines"))

    def _message(self, what: str) -> str:
        return (
            f"{self._name}: cannot read {what}, the last was '{self._last[:80]}'; "
            "check the baud rate, the columns and the instrument's settings"
        )

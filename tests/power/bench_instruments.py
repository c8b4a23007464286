# SPDX-License-Identifier: Apache-2.0
"""A bench meter that answers SCPI queries and one that sends lines, on any wire."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from tests.power.wires import Instrument, Wire

IDENTITY = "ACME,BM-1,SN0042,1.7"


class ScpiInstrument(Instrument):
    """Knows *CLS, *IDN?, MEAS:CURR?, MEAS:VOLT? and SYST:ERR?; answers end with *end*."""

    def __init__(self, wire: Wire, end: bytes = b"\n") -> None:
        super().__init__(wire)
        self.current_a: Callable[[], float] = lambda: 0.125
        self.voltage_v = 3.7
        self.answer_instead: deque[str] = deque()
        self.is_silent = False
        self.delay_s = 0.0
        self.delays_once_s: deque[float] = deque()
        self.errors: deque[str] = deque(['-100,"left by somebody"'])
        self._end = end
        self._input = b""
        self.begin()

    def step(self) -> None:
        self._input += self.wire.read(0.01)
        *queries, self._input = self._input.split(b"\n")
        for query in queries:
            answer = self._answer(query.decode().strip())
            time.sleep(self.delays_once_s.popleft() if self.delays_once_s else self.delay_s)
            if answer is not None and not self.is_silent:
                self.wire.write(answer.encode() + self._end)

    def _answer(self, query: str) -> str | None:
        if query == "*CLS":
            self.errors.clear()
            return None
        if query == "*IDN?":
            return IDENTITY
        if query == "SYST:ERR?":
            return self.errors.popleft() if self.errors else '+0,"No error"'
        if query in ("MEAS:CURR?", "MEAS:VOLT?"):
            if self.answer_instead:
                return self.answer_instead.popleft()
            value = self.current_a() if query == "MEAS:CURR?" else self.voltage_v
            return f"{value:+.8E}"
        self.errors.append('-113,"Undefined header"')
        return None


class LineInstrument(Instrument):
    """Sends ``row(seconds of its clock)`` *rate_hz* times a second, from when it is plugged in."""

    def __init__(self, wire: Wire, row: Callable[[float], str], rate_hz: float = 200.0) -> None:
        super().__init__(wire)
        self.row = row
        self.insert: deque[str] = deque()
        self.clock_rate = 1.0
        self.is_silent = False
        self.end_of_a_line = ""
        self._rate_hz = rate_hz
        self._number = 0
        self._start_s = time.monotonic()
        self.begin()

    def step(self) -> None:
        self.wire.read(0.002)
        due = int((time.monotonic() - self._start_s) * self._rate_hz * self.clock_rate)
        rows = [self.row(number / self._rate_hz) for number in range(self._number, due)]
        self._number = due
        rows[1:1] = [self.insert.popleft() for _ in range(min(len(self.insert), len(rows)))]
        if rows and not self.is_silent:
            text, self.end_of_a_line = self.end_of_a_line, ""
            self.wire.write((text + "".join(f"{row}\r\n" for row in rows)).encode())

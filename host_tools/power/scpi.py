# SPDX-License-Identifier: Apache-2.0
"""``scpi:PORT``: a bench meter that answers queries for current and voltage (SCPI, IEEE 488.2).

Over pyserial, which the package has anyway: PyVISA would add USB-TMC and VXI-11, but needs
drivers or a backend of its own, and the same instruments offer a port or a raw socket.
"""

from __future__ import annotations

import math
import time
from array import array
from typing import Literal

from host_tools.errors import DataError, DeviceError
from host_tools.power.address import MeterAddress
from host_tools.power.line_port import LinePort
from host_tools.power.recording import MeterFacts, Recording, recording
from host_tools.power.threaded_meter import ThreadedMeter
from host_tools.power.unreadable import Unreadable

EXAMPLE = "scpi:/dev/ttyUSB0?baud=115200&current=MEAS:CURR?&voltage=MEAS:VOLT?&period_ms=50"
_OPTIONS = ("baud", "current", "voltage", "voltage_v", "period_ms")
_ANSWER_S = 2.0
_NUMBER_OF_INFINITY = 9.9e37
"""SCPI says 9.9E37 for a value beyond the range and 9.91E37 for one that is not a number."""


class Scpi(ThreadedMeter):
    """Asks for current, then voltage, every ``period_ms``; ``voltage_v`` replaces the second."""

    def __init__(self, rest: str) -> None:
        """*rest* is what follows ``scpi:``. Raises UsageError."""
        self._address = MeterAddress.parse("scpi", rest, _OPTIONS, EXAMPLE)
        self._address.needs_target("port")
        options = self._address.options
        super().__init__(self._address.name)
        self._current_query = options.get("current", "MEAS:CURR?")
        self._voltage_query = options.get("voltage", "MEAS:VOLT?")
        self._voltage_v: float | None = None
        if "voltage_v" in options:
            self._voltage_v = self._address.number("voltage_v", 0.1, 1000.0)
        self._period_s = self._address.number("period_ms", 1.0, 10_000.0, default=50.0) / 1e3
        self._port: LinePort | None = None

    def open(self) -> MeterFacts:
        """See PowerMeter."""
        self._port = LinePort(self._address)
        self._port.send("*CLS")  # forgets errors of others, answers nothing
        identity = self._port.ask("*IDN?", _ANSWER_S)
        if identity is None:
            raise DeviceError(
                f"{self.name}: no answer to *IDN?; check that it is on, the cable, the baud rate "
                "and that its remote interface is enabled"
            )
        for query in self._queries():
            self._try(query)
        return MeterFacts(
            name=f"{self.name} ({identity})",
            measures="what the instrument is connected to",
            settle_s=self._period_s,
            block_s=max(10.0, 20 * self._period_s),
        )

    def start(self) -> None:
        """See PowerMeter."""
        self._samples = array("d")
        self._round_trip_s = 0.0
        self._saturated = 0
        self._unreadable = Unreadable(self.name)
        self._next_s = time.monotonic()
        self.begin_reading(self._read, self._newest_s)

    def stop(self) -> Recording:
        """See PowerMeter."""
        assert self._port is not None
        self.end_reading()
        self._unreadable.check()
        error = self._queued_error()
        times, currents, voltages = (self._samples[at::3] for at in range(3))
        return recording(
            self.name,
            times,
            currents,
            voltages,
            self.marks(self._round_trip_s / 2),
            dropped_samples=self._unreadable.count,
            saturated_samples=self._saturated,
            notes=(f"the instrument's error queue says {error}",) if error else (),
        )

    def close(self) -> None:
        """See PowerMeter."""
        super().close()
        if self._port is not None:
            self._port.close()

    def _queries(self) -> list[str]:
        return [self._current_query] + ([] if self._voltage_v else [self._voltage_query])

    def _try(self, query: str) -> None:
        """One query before the measurement, so that a wrong one is told at once."""
        assert self._port is not None
        answer = self._port.ask(query, _ANSWER_S)
        if answer is not None and _value_of(answer) is not None:
            return
        error = self._queued_error()
        if answer is None and error is None:
            raise DeviceError(f"{self.name}: no answer to {query}; check the query and the cable")
        said = "nothing" if answer is None else f"'{answer[:80]}'"
        queue = f", its error queue says {error}" if error else ""
        raise DataError(
            f"{self.name}: answers {said} to {query}{queue}; "
            "give the query that it knows with current= or voltage="
        )

    def _queued_error(self) -> str | None:
        """The oldest entry of the instrument's error queue, None when it is empty or silent."""
        assert self._port is not None
        answer = self._port.ask("SYST:ERR?", _ANSWER_S)
        return None if answer is None or answer.lstrip("+-").startswith("0") else answer

    def _read(self) -> bool:
        """One round of queries; the sample's time is the middle of the one for the current."""
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = max(self._next_s + self._period_s, time.monotonic())
        begin_s = time.monotonic()
        current_a = self._ask(self._current_query)
        round_trip_s = time.monotonic() - begin_s
        if current_a == "silent":
            return False
        voltage_v = self._voltage_v or self._ask(self._voltage_query)
        if isinstance(current_a, float) and isinstance(voltage_v, float):
            self._samples.extend((begin_s + round_trip_s / 2 - self.start_s, current_a, voltage_v))
            self._round_trip_s = max(self._round_trip_s, round_trip_s)
            self._unreadable.good()
        elif "beyond" in (current_a, voltage_v):
            self._saturated += 1
        return voltage_v != "silent"

    def _newest_s(self) -> float:
        return self.start_s + (self._samples[-3] if self._samples else -math.inf)

    def _ask(self, query: str) -> float | Literal["beyond", "silent", "bad"]:
        """A value, or why there is none; what cannot be read is counted."""
        assert self._port is not None
        answer = self._port.ask(query, self.silence_s / 4)
        if answer is None:
            self._port.read_lines(self.silence_s / 4)  # a late one must not answer the next query
            self._unreadable.bad("")
            return "silent"
        value = _value_of(answer)
        if value is None or math.isnan(value):
            self._unreadable.bad(answer)
            return "bad"
        return "beyond" if math.isinf(value) else value


def _value_of(answer: str) -> float | None:
    """The number that an answer begins with, a unit may follow; None when there is none."""
    try:
        value = float(answer.split(",")[0].rstrip(" AaVv"))
    except ValueError:
        return None
    if abs(value) < 0.999 * _NUMBER_OF_INFINITY:
        return value
    return math.inf if abs(value) < 1.0005 * _NUMBER_OF_INFINITY else math.nan

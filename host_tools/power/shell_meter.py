# SPDX-License-Identifier: Apache-2.0
"""Meters that the device itself has: its shell reads them while its agent runs."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from host_tools.devices.reading_text import decimal
from host_tools.devices.shell import Shell
from host_tools.errors import DeviceError, ToolError, UsageError
from host_tools.power.meter import PowerMeter
from host_tools.power.recording import Mark, MarkLabel, MeterFacts, Recording

UPTIME_STEP_S = 0.01
"""/proc/uptime has two decimals."""

_PIECE_S = 2.0
"""The shell is asked for so many seconds at once: what was read before it is lost is kept."""
_TRIES = 3
_ASK_UPTIME = "read t rest </proc/uptime; echo $t"


@dataclass(frozen=True)
class _Offset:
    """The device's seconds after boot less this computer's clock, and how sure that is."""

    host_s: float
    offset_s: float
    doubt_s: float


class ShellMeter(PowerMeter):
    """Everything but how the device's files are found, read and understood.

    Times are the device's seconds after boot; marks are converted, half the shortest round trip
    being their uncertainty.
    """

    def __init__(self, name: str, shell: Shell, period_s: float) -> None:
        self.name = name
        self.shell = shell
        self.period_s = period_s
        self._texts: list[str] = []
        self._marks: list[tuple[MarkLabel, float]] = []
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: ToolError | None = None
        self._begin: _Offset | None = None

    @abstractmethod
    def find(self) -> MeterFacts:
        """What there is to read. Raises DeviceError when there is nothing."""

    @abstractmethod
    def command(self, samples: int) -> str:
        """Shell command that reads *samples* times, ``period_s`` apart."""

    @abstractmethod
    def understand(self, text: str, marks: tuple[Mark, ...]) -> Recording:
        """The recording of all that the commands wrote, times being seconds after boot."""

    def open(self) -> MeterFacts:
        """See PowerMeter."""
        return self.find()

    def start(self) -> None:
        """See PowerMeter."""
        self._begin = self._compare_clocks()
        self._thread = threading.Thread(target=self._sample, name=self.name, daemon=True)
        self._thread.start()

    def mark(self, label: MarkLabel) -> None:
        """See PowerMeter."""
        self._raise_error()
        self._marks.append((label, time.monotonic()))

    def stop(self) -> Recording:
        """See PowerMeter."""
        self._end()
        self._raise_error()
        begin, end = self._begin, self._compare_clocks()
        if begin is None:
            raise UsageError(f"{self.name}: stopped before it was started")
        marks = tuple(Mark(label, *_on_device(begin, end, host_s)) for label, host_s in self._marks)
        return self.understand("".join(self._texts), marks)

    def close(self) -> None:
        """See PowerMeter."""
        self._end()

    def _end(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=_PIECE_S + 10.0)

    def _sample(self) -> None:
        command = self.command(max(1, round(_PIECE_S / self.period_s)))
        try:
            while not self._ended.is_set():
                text = self.shell.run(command)
                if not text:
                    raise DeviceError(f"{self.name}: the device's shell does not answer any more")
                self._texts.append(text if text.endswith("\n") else f"{text}\n")
        except ToolError as error:
            self._error = error

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _compare_clocks(self) -> _Offset:
        """The best of a few questions: the one whose answer came soonest."""
        found: list[_Offset] = []
        for _ in range(_TRIES):
            asked_s = time.monotonic()
            uptime_s = decimal(self.shell.run(_ASK_UPTIME))
            answered_s = time.monotonic()
            if uptime_s is not None:
                middle_s, half_s = (asked_s + answered_s) / 2, (answered_s - asked_s) / 2
                offset_s = uptime_s + UPTIME_STEP_S / 2 - middle_s
                found.append(_Offset(middle_s, offset_s, half_s + UPTIME_STEP_S / 2))
        if not found:
            raise DeviceError(f"{self.name}: the device does not tell its time (/proc/uptime)")
        return min(found, key=lambda offset: offset.doubt_s)


def _on_device(begin: _Offset, end: _Offset, host_s: float) -> tuple[float, float]:
    """(time, uncertainty) on the device's clock; an offset that changed is spread evenly."""
    span_s = max(end.host_s - begin.host_s, 1e-9)
    share = float(np.clip((host_s - begin.host_s) / span_s, 0.0, 1.0))
    offset_s = begin.offset_s + share * (end.offset_s - begin.offset_s)
    return host_s + offset_s, max(begin.doubt_s, end.doubt_s)


def sampling_loop(samples: int, period_s: float, body: str) -> str:
    """A shell loop that prints "uptime SECONDS" and then what *body* prints, once a period."""
    return (
        f"i=0; while [ $i -lt {samples} ]; do i=$((i+1)); read t rest </proc/uptime; "
        f'echo "uptime $t"; {body}; sleep {period_s:g}; done; true'
    )


def turns(text: str) -> list[tuple[float, str]]:
    """(seconds after boot, what the body printed) of each turn of a loop; unreadable ones not."""
    found: list[tuple[float, str]] = []
    for part in text.split("uptime ")[1:]:
        head, _, rest = part.partition("\n")
        uptime_s = decimal(head)
        # two turns within one step of the clock have one time: the first is kept
        if uptime_s is not None and (not found or uptime_s > found[-1][0]):
            found.append((uptime_s, rest))
    return found

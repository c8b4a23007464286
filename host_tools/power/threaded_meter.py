# SPDX-License-Identifier: Apache-2.0
"""What meters share that a thread of this computer reads: the thread, its marks, its start."""

from __future__ import annotations

import time
from collections.abc import Callable

from host_tools.power.meter import PowerMeter
from host_tools.power.recording import Mark, MarkLabel
from host_tools.power.sample_thread import SampleThread


class ThreadedMeter(PowerMeter):
    """``start`` ends with ``begin_reading``, ``stop`` begins with ``end_reading``.

    ``start_s`` is the time.monotonic() that the times of the recording count from. A meter that
    sends nothing for ``silence_s`` counts as lost.
    """

    silence_s = 5.0

    def __init__(self, name: str) -> None:
        """*name* is the meter's address, which stands in every error."""
        self.name = name
        self.start_s = 0.0
        self._thread: SampleThread | None = None
        self._marked_s: list[tuple[MarkLabel, float]] = []

    def mark(self, label: MarkLabel) -> None:
        """See PowerMeter."""
        assert self._thread is not None
        self._thread.check()
        self._marked_s.append((label, time.monotonic()))

    def close(self) -> None:
        """See PowerMeter."""
        if self._thread is not None:
            self._thread.close()

    def begin_reading(self, read: Callable[[], bool], newest_s: Callable[[], float]) -> None:
        """Begin a recording and wait for its first samples. See SampleThread for the arguments."""
        self._marked_s.clear()
        self.start_s = time.monotonic()
        self._thread = SampleThread(self.name, read, newest_s, silence_s=self.silence_s)
        self._thread.start()

    def end_reading(self) -> None:
        """Read until the samples of this moment are there. Raises what ended the thread before."""
        assert self._thread is not None
        self._thread.stop()

    def marks(self, doubt_s: float) -> tuple[Mark, ...]:
        """The marks on the recording's time, each uncertain by *doubt_s*."""
        return tuple(Mark(label, at_s - self.start_s, doubt_s) for label, at_s in self._marked_s)

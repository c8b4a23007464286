# SPDX-License-Identifier: Apache-2.0
"""The thread that reads a meter while the measurement runs elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from host_tools.errors import DeviceError

_LAST_READS = 2
"""So many reads that began after the end: the samples then reach past the last mark."""

_JOIN_S = 5.0


class SampleThread:
    """Calls *read* again and again; what it raises comes up at ``start``, ``check`` or ``stop``.

    *read* waits at most a fraction of a second and returns True when samples came. After
    *silence_s* without any the meter counts as lost. The last samples may be *delay_s* old.
    """

    def __init__(
        self, name: str, read: Callable[[], bool], *, silence_s: float, delay_s: float = 0.0
    ) -> None:
        self._name = name
        self._read = read
        self._silence_s = silence_s
        self._delay_s = delay_s
        self._ending = threading.Event()
        self._came = threading.Condition()
        self._reads = 0
        self._ended = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to read and wait for the first samples. Raises what *read* raises, DeviceError."""
        self._thread.start()
        self._wait_for(1)

    def check(self) -> None:
        """Raises the error that ended the reading, if one did."""
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Read until the samples of this moment are there, then end. Raises like ``start``."""
        time.sleep(self._delay_s)
        self._wait_for(self._reads + _LAST_READS)
        self.close()
        self.check()

    def close(self) -> None:
        """End the thread, whatever happens; safe to call twice."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _wait_for(self, reads: int) -> None:
        with self._came:
            self._came.wait_for(lambda: self._ended or self._reads >= reads)
        self.check()

    def _run(self) -> None:
        last_s = time.monotonic()
        try:
            while not self._ending.is_set():
                if self._read():
                    last_s = time.monotonic()
                    with self._came:
                        self._reads += 1
                        self._came.notify_all()
                elif time.monotonic() - last_s > self._silence_s:
                    raise DeviceError(
                        f"{self._name}: no samples for {self._silence_s:g} s; "
                        "check its power and cable, then run again"
                    )
        except Exception as error:
            self._error = error
        finally:
            with self._came:
                self._ended = True
                self._came.notify_all()

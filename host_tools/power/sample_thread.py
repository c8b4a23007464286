# SPDX-License-Identifier: Apache-2.0
"""The thread that reads a meter while the measurement runs elsewhere."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from host_tools.errors import DeviceError

_LATEST_S = 5.0
"""A computer that reads so far behind is not waited for."""

_WAIT_S = 0.5
_JOIN_S = 5.0


class SampleThread:
    """Calls *read* again and again; what it raises comes up at ``start``, ``check`` or ``stop``.

    *read* waits at most a fraction of a second and returns True when samples came; after
    *silence_s* without any the meter counts as lost. *newest_s* tells the time.monotonic() at
    which the newest sample was measured.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], bool],
        newest_s: Callable[[], float],
        *,
        silence_s: float,
    ) -> None:
        self._name = name
        self._read = read
        self._silence_s = silence_s
        self._newest_s = newest_s
        self._ending = threading.Event()
        self._came = threading.Condition()
        self._until_s = math.inf
        self._has_samples = False
        self._ended = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to read and wait for the first samples. Raises what *read* raises, DeviceError."""
        self._thread.start()
        self._wait_for(lambda: self._has_samples)

    def check(self) -> None:
        """Raises the error that ended the reading, if one did."""
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Read until the samples of this moment are there, then end. Raises like ``start``."""
        self._until_s = time.monotonic()
        self._wait_for(lambda: False)

    def close(self) -> None:
        """End the thread, whatever happens; safe to call twice."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _wait_for(self, what: Callable[[], bool]) -> None:
        """Until *what* or the end of the thread; raises what ended it."""
        with self._came:
            # in short waits: a long one could not be ended by Ctrl-C on Windows
            while not self._came.wait_for(lambda: self._ended or what(), _WAIT_S):
                pass
        self.check()

    def _is_done(self) -> bool:
        """The samples of the moment of ``stop`` have come, or will not in time."""
        late_s = time.monotonic() - self._until_s
        return late_s >= 0 and (self._newest_s() >= self._until_s or late_s > _LATEST_S)

    def _run(self) -> None:
        last_s = time.monotonic()
        try:
            while not self._ending.is_set():
                if self._read():
                    last_s = time.monotonic()
                    with self._came:
                        self._has_samples = True
                        self._came.notify_all()
                    if self._is_done():
                        break
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

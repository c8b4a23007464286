# SPDX-License-Identifier: Apache-2.0
"""What a simulated instrument hangs on: a pseudo-terminal or a socket of this computer."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import tty
from abc import ABC, abstractmethod
from collections.abc import Callable


class Wire(ABC):
    """The instrument's end; ``port`` is the name of the computer's end."""

    port: str

    @abstractmethod
    def fileno(self) -> int | None:
        """Descriptor to read from; None while nobody is connected."""

    @abstractmethod
    def close(self) -> None:
        """Pull the plug."""

    def read(self, timeout_s: float) -> bytes:
        """What has come, b"" when nothing has."""
        descriptor = self.fileno()
        if descriptor is None or not select.select([descriptor], [], [], timeout_s)[0]:
            return b""
        return os.read(descriptor, 4096)

    def write(self, data: bytes) -> None:
        """Send what the other end takes; the rest is lost after a second."""
        while data and (descriptor := self.fileno()) is not None:
            if not select.select([], [descriptor], [], 1.0)[1]:
                return
            data = data[os.write(descriptor, data[:1024]) :]

    def write_what_fits(self, data: bytes) -> int:
        """Send what can be sent at once; how many bytes that was."""
        descriptor, sent = self.fileno(), 0
        while descriptor is not None and sent < len(data):
            if not select.select([], [descriptor], [], 0)[1]:
                break
            sent += os.write(descriptor, data[sent : sent + 1024])
        return sent


class PtyWire(Wire):
    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)

    def fileno(self) -> int | None:
        return self._master

    def close(self) -> None:
        os.close(self._slave)
        os.close(self._master)


class SocketWire(Wire):
    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    def fileno(self) -> int | None:
        if self._client is None and select.select([self._server], [], [], 0.05)[0]:
            self._client, _ = self._server.accept()
        return None if self._client is None else self._client.fileno()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._server.close()


class Instrument:
    """Runs *step* in a thread until the plug is pulled; a step takes a few milliseconds."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.port = wire.port
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self.step,), daemon=True)

    def step(self) -> None:
        raise NotImplementedError

    def begin(self) -> None:
        """To be called when the instrument is made."""
        self._thread.start()

    def unplug(self) -> None:
        """The wire is gone, at once; safe to call twice."""
        if not self._ending.is_set():
            self._ending.set()
            self._thread.join()
            self.wire.close()

    def _run(self, step: Callable[[], None]) -> None:
        while not self._ending.is_set():
            with contextlib.suppress(OSError):  # nobody at the other end of a terminal
                step()

# SPDX-License-Identifier: Apache-2.0
"""A program started here, spoken to over its standard input and output."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
from collections.abc import Sequence

from host_tools.errors import DeviceError
from host_tools.protocol.transport import LinkClosedError

_READ_BYTES = 65536
EXIT_WAIT_S = 2.0
_STDERR_TAIL_BYTES = 2000


class PipeTransport:
    """Transport over a child process; *name* appears in messages.

    The program gets *exit_wait_s* to end by itself when the link is closed.
    """

    def __init__(
        self, command: Sequence[str], name: str, *, exit_wait_s: float = EXIT_WAIT_S
    ) -> None:
        self._name = name
        self._exit_wait_s = exit_wait_s
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                bufsize=0,
                start_new_session=True,  # ctrl-C reaches us; we end the child
            )
        except OSError as error:
            self._stderr.close()
            raise DeviceError(f"{name}: cannot start {command[0]}: {error.strerror}") from error
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in = self._process.stdin.fileno()
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._in, False)

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Transport."""
        view = memoryview(data)
        while view:
            _, ready, _ = select.select([], [self._in], [], timeout_s)
            if not ready:
                raise DeviceError(f"{self._name}: the agent takes no data any more")
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise LinkClosedError(self._ended()) from error

    def read(self, timeout_s: float) -> bytes:
        """See Transport."""
        ready, _, _ = select.select([self._out], [], [], timeout_s)
        if not ready:
            return b""
        data = os.read(self._out, _READ_BYTES)
        if not data:
            raise LinkClosedError(self._ended())
        return data

    def close(self) -> None:
        """Close the pipes and wait for the program to end; kill it when it does not."""
        if self._stderr.closed:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._reap()
        self._stderr.close()

    def _reap(self) -> int:
        try:
            return self._process.wait(self._exit_wait_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _ended(self) -> str:
        """What is known about the end of the program, in one line."""
        code = self._reap()
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        self._stderr.seek(0)
        lines = self._stderr.read(_STDERR_TAIL_BYTES).decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f"{self._name}: the agent ended {how}" + (f": {said[-1]}" if said else "")

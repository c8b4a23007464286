# SPDX-License-Identifier: Apache-2.0
"""A whole emulated computer: QEMU as a process that never outlives the one that started it."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence

from host_tools.errors import DeviceError, MissingDependency

START_S = 20.0
_POLL_S = 0.02
_END_S = 10.0
_TAIL_BYTES = 4000
_TERMINAL = re.compile(r"^char device redirected to (\S+) \(label serial(\d+)\)$", re.MULTILINE)
_QUIET = ("-display", "none", "-monitor", "none", "-no-reboot")
_KEEPER = """\
exec 3<&0 </dev/null
"$@" 3<&- &
machine=$!
(read -r end <&3; kill -9 $machine) >/dev/null 2>&1 &
exec 3<&-
wait $machine
code=$?
kill $! 2>/dev/null
exit $code
"""
"""Ends the machine when its input ends, which it does in whatever way this process may end.

It uses descriptor 3 itself."""


class QemuMachine:
    """A running ``qemu-system-*``.

    *command* is the program and its options but for display, monitor and reboot; each ``-serial
    pty`` in it gets an entry of ``serial_paths``, in their order. *name* appears in messages.
    *files* are descriptors that QEMU may read as ``/dev/fd/N``; the caller's may be closed then.
    Close it, or use it as a context manager. Raises MissingDependency (no QEMU) or DeviceError
    (it ended at once).
    """

    def __init__(self, command: Sequence[str], name: str, *, files: Sequence[int] = ()) -> None:
        self._name = name
        self._program = command[0]
        require_program(self._program, name)
        terminals = sum(pair == ("-serial", "pty") for pair in itertools.pairwise(command))
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _KEEPER, "machine", *command, *_QUIET],
                stdin=subprocess.PIPE,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                pass_fds=files,
                start_new_session=True,  # ctrl-C reaches us; we end the machine
            )
        except OSError as error:
            self._output.close()
            raise DeviceError(f"{name}: cannot start a machine: {error.strerror}") from error
        atexit.register(self.close)
        try:
            self.serial_paths = self._wait_for_terminals(terminals)
        except BaseException:
            self.close()
            raise

    @property
    def is_running(self) -> bool:
        """Whether QEMU has not ended yet."""
        return not self._output.closed and self._process.poll() is None

    @property
    def ended_well(self) -> bool:
        """Whether QEMU ended by itself and without an error, as after ``poweroff`` on the board."""
        return not self._output.closed and self._process.poll() == 0

    def ended(self) -> str:
        """What is known about its end, in one line; "" while it runs."""
        if self._output.closed:
            return f"{self._name}: the machine was switched off"
        code = self._process.poll()
        if code is None:
            return ""
        lines = [line.strip() for line in self._said().splitlines() if line.strip()]
        said = [line for line in lines if not _TERMINAL.match(line)]
        complaints = [line for line in said if line.startswith(f"{self._program}:")]
        how = f"by signal {code - 128}" if code > 128 else f"with exit code {code}"
        last = (complaints or said or [""])[-1]  # after a complaint, hints may follow
        return f"{self._name}: {self._program} ended {how}" + (f": {last}" if last else "")

    def wait(self, timeout_s: float) -> bool:
        """Wait until QEMU ends, at most so long; whether it has."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return not self.is_running

    def close(self) -> None:
        """Switch it off; safe to call twice."""
        if self._output.closed:
            return
        atexit.unregister(self.close)
        assert self._process.stdin is not None
        self._process.stdin.close()  # the keeper ends QEMU and then itself
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._output.close()

    def _wait_for_terminals(self, count: int) -> tuple[str, ...]:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            running = self._process.poll() is None  # first this, so that the last words are read
            found = {int(number): path for path, number in _TERMINAL.findall(self._said())}
            if not running:
                raise DeviceError(self.ended())
            if len(found) == count:
                return tuple(found[number] for number in sorted(found))
            time.sleep(_POLL_S)
        raise DeviceError(
            f"{self._name}: {self._program} opened no terminal within {START_S:.0f} s; "
            "is the machine very busy?"
        )

    def _said(self) -> str:
        size = os.fstat(self._output.fileno()).st_size
        start = max(0, size - _TAIL_BYTES)
        data = os.pread(self._output.fileno(), _TAIL_BYTES, start)  # QEMU shares the position
        return data.decode(errors="replace")

    def __enter__(self) -> QemuMachine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def require_program(program: str, name: str) -> None:
    """Raise MissingDependency when a program of QEMU is not installed; *name* asks for it."""
    if shutil.which(program) is None:
        raise MissingDependency(f"{name}: {missing_text(program)}")


def missing_text(program: str) -> str:
    """What to do when a program of QEMU is not installed."""
    return f"{program} is not installed; on Debian: apt-get install qemu-system-arm"

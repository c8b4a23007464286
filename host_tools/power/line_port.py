# SPDX-License-Identifier: Apache-2.0
"""Lines of text to and from an instrument, over a serial port or a socket."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator

from host_tools.devices.serial_line import BAUD_RANGE, DEFAULT_BAUD, SerialAddress, SerialTransport
from host_tools.errors import DataError, DeviceError, UsageError
from host_tools.power.address import MeterAddress

_LONGEST_LINE_BYTES = 4096
_WRITE_S = 1.0
_LINE_ENDS = re.compile(rb"[\r\n]+")


class LinePort:
    """Port of an instrument, locked against other programs; messages carry the meter's name."""

    def __init__(self, address: MeterAddress) -> None:
        self._name = address.name
        self._rest = b""
        baud = int(address.number("baud", *BAUD_RANGE, default=DEFAULT_BAUD))
        self._line = SerialAddress(address.target, baud)
        with self._own_name():
            self._transport = SerialTransport(self._line)

    def read_lines(self, timeout_s: float) -> list[str]:
        """Whole lines that have come, without their ends; none after *timeout_s* without any.

        Raises DeviceError when the port is gone, DataError when what comes has no line ends.
        """
        with self._own_name():
            self._rest += self._transport.read(timeout_s)
        *lines, self._rest = _LINE_ENDS.split(self._rest)
        if len(self._rest) > _LONGEST_LINE_BYTES:
            raise DataError(
                f"{self._name}: sends no lines but {self._rest[:16]!r}...; check the baud rate"
            )
        return [line.decode("ascii", "replace").strip() for line in lines if line.strip()]

    def send(self, line: str) -> None:
        """Send a line. Raises DeviceError."""
        with self._own_name():
            self._transport.write(line.encode() + b"\n", _WRITE_S)

    def ask(self, query: str, timeout_s: float) -> str | None:
        """The answer to a query; None when none comes. What came before is thrown away.

        Raises DeviceError, DataError.
        """
        while self.read_lines(0.0) or self._rest:
            self._rest = b""
        self.send(query)
        end_s = time.monotonic() + timeout_s
        while (left_s := end_s - time.monotonic()) > 0:
            if lines := self.read_lines(left_s):
                return lines[0]
        return None

    def close(self) -> None:
        """Free the port."""
        self._transport.close()

    @contextlib.contextmanager
    def _own_name(self) -> Iterator[None]:
        try:
            yield
        except (DeviceError, UsageError) as error:
            kind = UsageError if isinstance(error, UsageError) else DeviceError
            raise kind(str(error).replace(self._line.name, self._name)) from error

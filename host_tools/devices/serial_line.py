# SPDX-License-Identifier: Apache-2.0
"""``serial:PORT?baud=N``: an agent at the other end of a serial line.

PORT is a device file, a Windows port or a URL of pyserial (``socket://``, ``rfc2217://``, ...).
"""

from __future__ import annotations

import contextlib
import errno
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import serial
from serial.tools import list_ports

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import ProbeResult
from host_tools.errors import DataError, DeviceError, UsageError
from host_tools.generate.model_file import find_model
from host_tools.protocol.frames import WIRE_MAX_BYTES
from host_tools.protocol.session import Timing
from host_tools.protocol.transport import LinkClosedError

KIND = "serial"
DEFAULT_BAUD = 115_200
BAUD_RANGE = (9_600, 4_000_000)
BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit
_READ_BYTES = 65_536
_TELNET_POLL_S = 0.05
_LOST_HINT = "check the cable and the board"
_EXAMPLE = "serial:/dev/ttyUSB0?baud=921600"


@dataclass(frozen=True)
class SerialAddress:
    """Where a line is, and its speed in bit/s."""

    port: str
    baud: int = DEFAULT_BAUD

    @classmethod
    def parse(cls, text: str) -> SerialAddress:
        """Take apart what follows ``serial:``; other parameters than baud stay in a URL.

        Raises UsageError.
        """
        port, _, query = text.partition("?")
        parameters = parse_qsl(query, keep_blank_values=True)
        others = [(key, value) for key, value in parameters if key != "baud"]
        bauds = [value for key, value in parameters if key == "baud"]
        if not port:
            raise UsageError(f"'{KIND}:{text}' names no port; write for example {_EXAMPLE}")
        if others and "://" not in port:
            raise UsageError(f"'{KIND}:{text}': only baud can be set, for example {_EXAMPLE}")
        if others:
            port = f"{port}?{urlencode(others)}"
        baud = bauds[-1] if bauds else str(DEFAULT_BAUD)
        low, high = BAUD_RANGE
        if not (baud.isascii() and baud.isdigit() and low <= int(baud) <= high):
            raise UsageError(f"'{KIND}:{text}': baud is a whole number from {low} to {high}")
        return cls(port, int(baud))

    @property
    def name(self) -> str:
        """The device name with this address."""
        return f"{KIND}:{self.port}"

    @property
    def bytes_per_s(self) -> float:
        """Most bytes a second that the line carries each way."""
        return self.baud / BITS_PER_BYTE

    @property
    def timing(self) -> Timing:
        """Patience: the longest request and its answer on the line, and a second to work.

        A line that loses one frame in a hundred must not end a session, hence the tries.
        """
        return Timing(start_s=5.0, answer_s=1.0 + 2 * WIRE_MAX_BYTES / self.bytes_per_s, tries=8)


class SerialTransport:
    """Transport over a serial line; the port is locked against other programs.

    *name* and *lost_hint* are for messages.
    """

    def __init__(
        self, address: SerialAddress, *, name: str | None = None, lost_hint: str = _LOST_HINT
    ) -> None:
        self._name = name or address.name
        self._lost_hint = lost_hint
        try:
            self._port = serial.serial_for_url(address.port, do_not_open=True)
            self._port.baudrate = address.baud
            if "://" not in address.port:
                self._port.exclusive = True
            self._port.open()
        except ValueError as error:
            raise UsageError(f"{self._name}: {error}") from error
        except serial.SerialException as error:
            raise DeviceError(_why_not_open(address, error)) from error

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Transport."""
        try:
            self._port.write_timeout = timeout_s
            self._port.write(data)
        except serial.SerialTimeoutException as error:
            raise DeviceError(f"{self._name}: the line takes no data any more") from error
        except OSError as error:  # SerialException is one
            raise LinkClosedError(self._lost()) from error

    def read(self, timeout_s: float) -> bytes:
        """See Transport."""
        try:
            self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            if not first:
                return b""
            self._port.timeout = 0  # only what has come already
            return first + bytes(self._port.read(_READ_BYTES))
        except (OSError, TypeError) as error:  # TypeError: pyserial when closed while it reads
            raise LinkClosedError(self._lost()) from error

    def close(self) -> None:
        """Free the port."""
        with contextlib.suppress(OSError):
            self._port.close()

    def _lost(self) -> str:
        return f"{self._name}: the line is gone; {self._lost_hint}, then run again"


class TelnetTransport(SerialTransport):
    """A line by RFC 2217: pyserial asks for all settings anew when a time-out is changed."""

    def __init__(
        self, address: SerialAddress, *, name: str | None = None, lost_hint: str = _LOST_HINT
    ) -> None:
        super().__init__(address, name=name, lost_hint=lost_hint)
        self._port.timeout = _TELNET_POLL_S

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Transport; the time-out is pyserial's, 5 s."""
        try:
            self._port.write(data)
        except OSError as error:
            raise LinkClosedError(self._lost()) from error

    def read(self, timeout_s: float) -> bytes:
        """See Transport."""
        deadline = time.monotonic() + timeout_s
        try:
            while True:
                first: bytes = self._port.read(1)
                if first:
                    return first + bytes(self._port.read(self._port.in_waiting))
                if time.monotonic() >= deadline:
                    return b""
        except (OSError, TypeError) as error:  # TypeError: closed while it reads
            raise LinkClosedError(self._lost()) from error


def open_line(
    address: SerialAddress, *, name: str | None = None, lost_hint: str = _LOST_HINT
) -> SerialTransport:
    """The transport that fits the address. Raises UsageError or DeviceError."""
    telnet = address.port.startswith("rfc2217://")
    kind = TelnetTransport if telnet else SerialTransport
    return kind(address, name=name, lost_hint=lost_hint)


class SerialDevice(AgentDevice):
    """A board or computer on which ``percepnet_agent --tty PORT,BAUD`` runs.

    *model* is what the agent is expected to hold: a model cannot be sent over the line.
    """

    def __init__(self, address: SerialAddress, *, model: str | None = None) -> None:
        super().__init__(address.name, open_line(address), address.timing)
        self.link_bytes_per_s = address.bytes_per_s
        if model is not None:
            hint = "start it with --model FILE.pnm or give the one it has"
            require_model(self, model, hint)


def require_model(device: AgentDevice, model: str, hint: str) -> None:
    """Close a device whose agent holds another model (name or file).

    Raises DataError, with *hint* on what to try.
    """
    wanted, held = find_model(model), device.identify().model_digest
    if held != wanted.digest:
        device.close()
        raise DataError(
            f"{device.name}: the agent holds model {held[:12]}, not {wanted.name} "
            f"{wanted.digest[:12]}; {hint}"
        )


def probe() -> list[ProbeResult]:
    """Serial ports of this computer; whether an agent listens is known only by asking it."""
    ports = sorted(list_ports.comports(), key=lambda port: port.device)
    return [
        ProbeResult(f"{KIND}:{port.device}", True, f"port there, not asked: {port.description}")
        for port in ports
    ]


def _why_not_open(address: SerialAddress, error: serial.SerialException) -> str:
    """One line that says what to do."""
    name, port = address.name, address.port
    code = error.errno
    if code is None and error.__context__ is not None:  # termios.error, unknown on Windows
        code = next(iter(error.__context__.args), None)
    if code == errno.ENOENT:
        here = ", ".join(sorted(found.device for found in list_ports.comports())) or "none"
        return f"{name}: no such port; ports of this computer: {here}"
    if code == errno.EACCES:
        return (
            f"{name}: no permission; join the port's group (sudo usermod -aG dialout $USER, "
            "then log in again)"
        )
    if code in (errno.EBUSY, errno.EAGAIN):
        return f"{name}: in use by another program, a terminal perhaps; end it and run again"
    if code in (errno.ENOTTY, errno.EINVAL, errno.ENOTDIR, errno.EISDIR):
        return f"{name}: {port} is no serial port or cannot do {address.baud} baud"
    return f"{name}: cannot be opened: {error}"

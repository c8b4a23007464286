# SPDX-License-Identifier: Apache-2.0
"""The agent's byte stream through adb, whatever age the phone has."""

from __future__ import annotations

import contextlib

from host_tools.devices import adb_server
from host_tools.devices.adb_client import AdbShell
from host_tools.devices.pipe import PipeTransport
from host_tools.errors import DeviceError
from host_tools.protocol.transport import LinkClosedError, Transport

_READ_BYTES = 65_536
_ASK_S = 2.0
_OPEN_S = 10.0


class PhoneLink:
    """Transport to a program on the phone; a lost one is named with its reason."""

    def __init__(self, shell: AdbShell, script: str) -> None:
        self._shell = shell
        # `adb shell -T` is 8-bit clean both ways since Android 7. Before that only the exec
        # service is, and adb's own commands for it (exec-in, exec-out) go one way each.
        self._link: Transport = (
            PipeTransport(shell.command(script), shell.name)
            if shell.has_packets
            else _ExecTransport(shell, script)
        )

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Transport."""
        try:
            self._link.write(data, timeout_s)
        except LinkClosedError as error:
            raise LinkClosedError(self._reason(error)) from error

    def read(self, timeout_s: float) -> bytes:
        """See Transport."""
        try:
            return self._link.read(timeout_s)
        except LinkClosedError as error:
            raise LinkClosedError(self._reason(error)) from error

    def close(self) -> None:
        """See Transport."""
        self._link.close()

    def _reason(self, error: LinkClosedError) -> str:
        """Cable, server or program? Asked without starting a server anew."""
        name = self._shell.name
        try:
            phones = adb_server.running_phones(_ASK_S)
        except adb_server.NoServerError:
            return f"{name}: the adb server ended meanwhile; run again"
        usable = [phone for phone in phones if phone.state == "device"]
        if any(self._shell.serial in (phone.serial, phone.place) for phone in usable):
            return str(error)
        return f"{name}: the phone is gone; check the cable or the network, then run again"


class _ExecTransport:
    """The exec service of a phone without shell packets: raw bytes, no exit code."""

    def __init__(self, shell: AdbShell, script: str) -> None:
        self._name = shell.name
        try:
            self._socket = adb_server.open_stream(shell.serial, f"exec:{script}", _OPEN_S)
        except adb_server.NoServerError as error:
            raise DeviceError(f"{shell.name}: the agent was not started: {error}") from error

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Transport."""
        try:
            self._socket.settimeout(timeout_s)
            self._socket.sendall(data)
        except TimeoutError as error:
            raise DeviceError(f"{self._name}: the agent takes no data any more") from error
        except OSError as error:
            raise LinkClosedError(self._ended()) from error

    def read(self, timeout_s: float) -> bytes:
        """See Transport."""
        try:
            self._socket.settimeout(max(timeout_s, 0.001))  # 0 would not wait at all
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise LinkClosedError(self._ended()) from error
        if not data:
            raise LinkClosedError(self._ended())
        return data

    def close(self) -> None:
        """See Transport."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _ended(self) -> str:
        return f"{self._name}: the agent ended"

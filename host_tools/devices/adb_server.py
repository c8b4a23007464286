# SPDX-License-Identifier: Apache-2.0
"""The adb server that already runs on this computer, asked directly: nothing is ever started.

The server's language: four hex digits of length and the request; OKAY or FAIL comes back.
"""

from __future__ import annotations

import os
import re
import socket
import time
from dataclasses import dataclass

_PORT = 5037
_LINE = re.compile(r"(\(no serial number\)|\S+)\s+(no permissions|\w+)(.*)")


@dataclass(frozen=True)
class Phone:
    """One line of ``adb devices -l``.

    ``state`` is "device" when it can be used; ``place`` is that on the bus, as ``usb:1-4``.
    """

    serial: str
    state: str
    model: str = ""
    place: str = ""

    def __str__(self) -> str:
        about = ", ".join(filter(None, (self.model, "" if self.state == "device" else self.state)))
        return f"adb:{self.serial}" + (f" ({about})" if about else "")


class NoServerError(Exception):
    """No server runs, or it refused; the text says why."""


def parse_phones(listing: str) -> list[Phone]:
    """Phones of ``adb devices -l``; whatever else a client prints is passed over."""
    phones = []
    for line in listing.splitlines():
        found = _LINE.fullmatch(line.strip())
        if found is None or line.startswith(("*", "List of", "adb ")):
            continue
        model = re.search(r"\bmodel:(\S+)", found[3])
        place = re.search(r"\busb:\S+", found[3])
        phones.append(
            Phone(found[1], found[2], model[1] if model else "", place[0] if place else "")
        )
    return phones


def running_phones(timeout_s: float) -> list[Phone]:
    """What the running server sees. Raises NoServerError, after *timeout_s* at the latest."""
    deadline = time.monotonic() + timeout_s
    with _connect(timeout_s) as link:
        _ask(link, "host:devices-l", deadline)
        size = int(_exactly(link, 4, deadline), 16)
        return parse_phones(_exactly(link, size, deadline).decode(errors="replace"))


def open_stream(serial: str, service: str, timeout_s: float) -> socket.socket:
    """A connection to a service of the phone, such as ``exec:COMMAND``. Raises NoServerError."""
    deadline = time.monotonic() + timeout_s
    link = _connect(timeout_s)
    try:
        _ask(link, f"host:transport:{serial}", deadline)
        _ask(link, service, deadline)
    except BaseException:
        link.close()
        raise
    return link


def _address() -> tuple[str, int]:
    """Where the adb program would look for its server."""
    settings = os.environ
    host = settings.get("ANDROID_ADB_SERVER_ADDRESS", "127.0.0.1")
    port = settings.get("ANDROID_ADB_SERVER_PORT", str(_PORT))
    whole = re.fullmatch(r"tcp:(?:(.+):)?(\d+)", settings.get("ADB_SERVER_SOCKET", ""))
    if whole:
        host, port = whole[1] or "127.0.0.1", whole[2]
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise NoServerError(f"ANDROID_ADB_SERVER_PORT={port} is no port")
    return host, int(port)


def _connect(timeout_s: float) -> socket.socket:
    try:
        return socket.create_connection(_address(), timeout=timeout_s)
    except OSError as error:
        raise NoServerError("no adb server runs") from error


def _ask(link: socket.socket, request: str, deadline: float) -> None:
    data = request.encode()
    try:
        link.sendall(b"%04x" % len(data) + data)
    except OSError as error:
        raise NoServerError("the adb server does not listen") from error
    if _exactly(link, 4, deadline) != b"OKAY":
        size = int(_exactly(link, 4, deadline), 16)
        raise NoServerError(_exactly(link, size, deadline).decode(errors="replace"))


def _exactly(link: socket.socket, count: int, deadline: float) -> bytes:
    data = b""
    while len(data) < count:
        try:
            link.settimeout(max(deadline - time.monotonic(), 0.001))
            part = link.recv(count - len(data))
        except OSError as error:
            raise NoServerError("the adb server does not answer") from error
        if not part:
            raise NoServerError("the adb server closed the connection")
        data += part
    return data

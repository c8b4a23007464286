# SPDX-License-Identifier: Apache-2.0
"""A phone for tests: speaks adb's transport protocol on a loopback port, as ``adb connect`` asks.

Files live in a sandbox in place of /data/local/tmp, commands run in a real shell here, and the
ARM agent under QEMU. Real clients talk to it.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tests.devices import adb_daemon_shell, adb_daemon_sync

FEATURES = "shell_v2,cmd,stat_v2,ls_v2,fixed_push_mkdir"
_VERSION = 0x01000001
_PAYLOAD_MAX_BYTES = 256 * 1024
_HEADER = struct.Struct("<6I")
_TOKEN = 1


def _code(name: str) -> int:
    return int.from_bytes(name.encode(), "little")


CNXN, AUTH, OPEN, OKAY, WRTE, CLSE = map(_code, ("CNXN", "AUTH", "OPEN", "OKAY", "WRTE", "CLSE"))


@dataclass
class Behaviour:
    """What kind of phone it is, and how it misbehaves; may be changed while it runs."""

    state: str = "device"
    """Also: recovery; unauthorized (asks for a key and takes none); silent (says nothing)."""
    features: str = FEATURES
    abi: str = "arm64-v8a"
    room_bytes: int | None = None
    """So many bytes can be sent there; None: no limit."""
    read_only: bool = False
    damage: bool = False
    """The last byte of a file that is sent there changes on the way."""
    sent: list[str] = field(default_factory=list)
    """Files that were sent there, in order."""
    sent_bytes: int = 0
    asked: list[str] = field(default_factory=list)
    """Services that were asked for, in order: each is a way there and back."""


class StreamClosedError(OSError):
    """The other side closed the stream or the connection is gone."""


class Stream:
    """One stream of a connection: one message in flight each way, as the protocol wants."""

    def __init__(self, connection: Connection, own: int, other: int) -> None:
        self._connection, self._own, self._other = connection, own, other
        self.inbox: queue.Queue[bytes | None] = queue.Queue()
        self.acknowledged = threading.Semaphore(0)
        self.closed = False
        self._sending = threading.Lock()

    def send(self, data: bytes) -> None:
        with self._sending:
            for at in range(0, len(data), _PAYLOAD_MAX_BYTES):
                if self.closed:
                    raise StreamClosedError
                part = data[at : at + _PAYLOAD_MAX_BYTES]
                self._connection.send(WRTE, self._own, self._other, part)
                self.acknowledged.acquire()
                if self.closed:
                    raise StreamClosedError

    def receive(self) -> bytes:
        """The next piece; only then may the other side send another. b"" at the end."""
        data = self.inbox.get()
        if data is None:
            self.inbox.put(None)
            return b""
        with contextlib.suppress(OSError):
            self._connection.send(OKAY, self._own, self._other)
        return data

    def end(self) -> None:
        """The other side is gone: wake whoever waits."""
        self.closed = True
        self.inbox.put(None)
        self.acknowledged.release()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.send(CLSE, self._own, self._other)
        self.end()


class Connection:
    """One client (an adb server) and its streams."""

    def __init__(self, phone: Phone, link: socket.socket) -> None:
        self._phone, self._link = phone, link
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sending = threading.Lock()
        self._streams: dict[int, Stream] = {}

    def send(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        header = _HEADER.pack(
            command, first, second, len(data), sum(data) & 0xFFFFFFFF, command ^ 0xFFFFFFFF
        )
        with self._sending:
            self._link.sendall(header + data)

    def serve(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                command, first, second, size, _, _ = _HEADER.unpack(self._exactly(_HEADER.size))
                self._handle(command, first, second, self._exactly(size))
        for stream in list(self._streams.values()):
            stream.end()
        self.drop()

    def drop(self) -> None:
        with contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        self._link.close()

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._link.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def _handle(self, command: int, first: int, second: int, data: bytes) -> None:
        if command in (CNXN, AUTH):
            self._greet()
        elif command == OPEN:
            self._open(first, data.rstrip(b"\0").decode())
        elif second in self._streams:
            stream = self._streams[second]
            if command == OKAY:
                stream.acknowledged.release()
            elif command == WRTE:
                stream.inbox.put(data)
            elif command == CLSE:
                del self._streams[second]
                stream.close()  # some clients wait for the answer

    def _greet(self) -> None:
        behaviour = self._phone.behaviour
        if behaviour.state == "unauthorized":
            self.send(AUTH, _TOKEN, 0, bytes(20))
        elif behaviour.state != "silent":
            banner = (
                f"{behaviour.state}::ro.product.name=test;ro.product.model=Test_Phone;"
                f"ro.product.device=test;features={behaviour.features}"
            )
            self.send(CNXN, _VERSION, _PAYLOAD_MAX_BYTES, banner.encode())

    def _open(self, other: int, service: str) -> None:
        self._phone.behaviour.asked.append(service)
        own = self._phone.next_stream()
        stream = self._streams[own] = Stream(self, own, other)
        self.send(OKAY, own, other)
        threading.Thread(target=self._run, args=(stream, service), daemon=True).start()

    def _run(self, stream: Stream, service: str) -> None:
        with contextlib.suppress(OSError):
            if service == "sync:":
                adb_daemon_sync.serve(stream, self._phone.sandbox, self._phone.behaviour)
            else:
                adb_daemon_shell.serve(stream, service, self._phone.sandbox)
        stream.close()


class Phone:
    """Listens on ``address`` from its making on; close it or use it as a context manager."""

    def __init__(self, folder: Path, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.sandbox = adb_daemon_shell.Sandbox.make(folder, self.behaviour.abi)
        self._ids = iter(range(1, 1 << 31))
        self._connections: list[Connection] = []
        self._port = 0
        self.plug_in()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def next_stream(self) -> int:
        return next(self._ids)

    def plug_in(self) -> None:
        """Listen, on the port of before."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def unplug(self) -> None:
        """Drop the connection and take no other."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.drop()
        self._connections.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = Connection(self, listener.accept()[0])
                self._connections.append(connection)
                threading.Thread(target=connection.serve, daemon=True).start()

    def __enter__(self) -> Phone:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

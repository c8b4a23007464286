# SPDX-License-Identifier: Apache-2.0
"""File transfer of the phone of adb_daemon.py: adb's sync service."""

from __future__ import annotations

import errno
import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.devices.adb_daemon import Behaviour, Stream
    from tests.devices.adb_daemon_shell import Sandbox

_PIECE_BYTES = 65_536


class _Reader:
    """Requests cut out of the stream's pieces."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._waiting = b""

    def take(self, count: int) -> bytes:
        while len(self._waiting) < count:
            data = self._stream.receive()
            if not data:
                raise OSError(errno.EPIPE, "stream closed")
            self._waiting += data
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def header(self) -> tuple[bytes, int]:
        name, number = struct.unpack("<4sI", self.take(8))
        return name, number


def serve(stream: Stream, sandbox: Sandbox, behaviour: Behaviour) -> None:
    """Answer requests until QUIT."""
    reader = _Reader(stream)
    while True:
        name, size = reader.header()
        if name == b"QUIT":
            return
        text = reader.take(size).decode()
        place = Path(sandbox.inside(text.rpartition(",")[0] if name == b"SEND" else text))
        if name == b"SEND":
            stream.send(_take_file(reader, place, int(text.rpartition(",")[2]), behaviour))
        elif name == b"RECV":
            _give_file(stream, place)
        elif name in (b"LIST", b"LIS2"):
            _list(stream, place, name)
        elif name == b"STAT":
            stream.send(b"STAT" + _stat_v1(place))
        elif name in (b"STA2", b"LST2"):
            stream.send(name + _stat_v2(place, follow=name == b"STA2"))
        else:
            stream.send(_failure(f"unknown command {name!r}"))
            return


def _failure(text: str) -> bytes:
    return struct.pack("<4sI", b"FAIL", len(text)) + text.encode()


def _stat_v1(place: Path) -> bytes:
    try:
        found = place.lstat()
    except OSError:
        return struct.pack("<III", 0, 0, 0)
    return struct.pack("<III", found.st_mode, found.st_size, int(found.st_mtime))


def _stat_v2(place: Path, *, follow: bool) -> bytes:
    layout = "<IQQIIIIQqqq"
    try:
        found = place.stat() if follow else place.lstat()
    except OSError as error:
        return struct.pack(layout, error.errno or errno.EIO, *[0] * 10)
    numbers = (found.st_dev, found.st_ino, found.st_mode, found.st_nlink, found.st_uid)
    times = (int(found.st_atime), int(found.st_mtime), int(found.st_ctime))
    return struct.pack(layout, 0, *numbers, found.st_gid, found.st_size, *times)


def _list(stream: Stream, place: Path, command: bytes) -> None:
    entry, facts = (b"DENT", _stat_v1) if command == b"LIST" else (b"DNT2", None)
    for name in sorted(os.listdir(place)) if place.is_dir() else []:
        path = place / name
        told = facts(path) if facts else _stat_v2(path, follow=False)
        stream.send(entry + told + struct.pack("<I", len(name)) + name.encode())
    stream.send(b"DONE" + bytes(16 if command == b"LIST" else 72))


def _give_file(stream: Stream, place: Path) -> None:
    try:
        data = place.read_bytes()
    except OSError as error:
        stream.send(_failure(f"open failed: {error.strerror}"))
        return
    for at in range(0, len(data), _PIECE_BYTES):
        part = data[at : at + _PIECE_BYTES]
        stream.send(struct.pack("<4sI", b"DATA", len(part)) + part)
    stream.send(struct.pack("<4sI", b"DONE", 0))


def _take_file(reader: _Reader, place: Path, mode: int, behaviour: Behaviour) -> bytes:
    """Write what comes and give the answer; after a failure the rest is read and dropped."""
    failure = None
    data = b""
    if behaviour.read_only:
        failure = f"couldn't create file: {os.strerror(errno.EROFS)}"
    while True:
        name, number = reader.header()
        if name == b"DONE":
            break
        data += reader.take(number)
        if behaviour.room_bytes is not None and len(data) > behaviour.room_bytes:
            failure = failure or f"write failed: {os.strerror(errno.ENOSPC)}"
            place.write_bytes(data[: behaviour.room_bytes])
    if failure is not None:
        return _failure(failure)
    if behaviour.damage and data:
        data = data[:-1] + bytes([data[-1] ^ 1])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    place.chmod(stat.S_IMODE(mode) | stat.S_IRUSR)
    os.utime(place, (number, number))
    behaviour.sent.append(place.name)
    behaviour.sent_bytes += len(data)
    return struct.pack("<4sI", b"OKAY", 0)

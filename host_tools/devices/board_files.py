# SPDX-License-Identifier: Apache-2.0
"""What a board's system tells about itself: text below /proc and /sys, and its firmware's answers.

Paths are those on the board. Whatever cannot be read is None or empty: a board without a reading
is no failure.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from host_tools.protocol import Command, RefusedError, Session
from host_tools.protocol import readings as wire

FIRMWARE_QUESTIONS = ("get_throttled", "measure_temp", "measure_clock arm", "pmic_read_adc")
"""What a Raspberry Pi's firmware can be asked through vcgencmd."""

TEXT_MAX_BYTES = 256 * 1024
"""More of a file is not read: no reading is that long."""

_ROOMS = ("proc", "sys")
_FIRMWARE_PATIENCE_S = 2.0
_NAMES_MAX = 65_536


class BoardFiles(Protocol):
    """Reads a board's system. Only a lost link raises (DeviceError, ProtocolError)."""

    def read_text(self, path: str) -> str | None:
        """Text of a file below /proc or /sys; None when it cannot be read."""

    def list_folder(self, path: str) -> list[str]:
        """Sorted names in a folder below /proc or /sys; empty when it cannot be read."""

    def query_firmware(self, what: str) -> str | None:
        """Answer to one of FIRMWARE_QUESTIONS; None where nobody answers it."""


class LocalFiles:
    """The folders proc and sys below *root*, and nothing outside them.

    ``firmware`` answers the questions to the firmware; None: nobody does.
    """

    def __init__(self, root: Path, firmware: Callable[[str], str | None] | None = None) -> None:
        self._rooms = tuple(root.resolve() / room for room in _ROOMS)
        self._root = root
        self._firmware = firmware

    def read_text(self, path: str) -> str | None:
        """See BoardFiles."""
        place = self._inside(path)
        if place is None:
            return None
        try:
            # Without O_NONBLOCK a pipe among the files would be waited for.
            file = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return None
            return _read_all(file).decode("utf-8", errors="replace")
        except OSError:
            return None
        finally:
            os.close(file)

    def list_folder(self, path: str) -> list[str]:
        """See BoardFiles."""
        place = self._inside(path)
        if place is None:
            return []
        try:
            return sorted(os.listdir(place))
        except OSError:
            return []

    def query_firmware(self, what: str) -> str | None:
        """See BoardFiles."""
        if self._firmware is None or what not in FIRMWARE_QUESTIONS:
            return None
        return self._firmware(what)

    def _inside(self, path: str) -> Path | None:
        if not path.startswith(("/proc/", "/sys/")) or "\0" in path:
            return None
        try:
            place = (self._root / path[1:]).resolve()
        except (OSError, RuntimeError):  # RuntimeError: links in a circle
            return None
        return place if any(place.is_relative_to(room) for room in self._rooms) else None


class AgentFiles:
    """A board at the other end of a session whose agent has the ability READINGS."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read_text(self, path: str) -> str | None:
        """See BoardFiles. A long file comes in parts, which may be of different moments."""
        data = b""
        while len(data) < TEXT_MAX_BYTES:
            answer = self._ask(Command.READ_FILE, path, len(data))
            if answer is None:
                return None
            ended, part = wire.file_part(answer, self._session.name)
            data += part
            if ended or not part:
                break
        return data.decode("utf-8", errors="replace")

    def list_folder(self, path: str) -> list[str]:
        """See BoardFiles."""
        names: list[str] = []
        while len(names) < _NAMES_MAX:
            answer = self._ask(Command.LIST_FOLDER, path, len(names))
            if answer is None:
                return []
            ended, part = wire.folder_part(answer, self._session.name)
            names += part
            if ended or not part:
                break
        return sorted(set(names))

    def query_firmware(self, what: str) -> str | None:
        """See BoardFiles."""
        if what not in FIRMWARE_QUESTIONS:
            return None
        try:
            answer = self._session.request(Command.FIRMWARE_QUERY, wire.question_payload(what))
        except RefusedError:
            return None
        return answer.decode("utf-8", errors="replace")

    def _ask(self, command: Command, path: str, position: int) -> bytes | None:
        if len(path.encode()) > wire.TEXT_MAX_BYTES:
            return None
        try:
            return self._session.request(command, wire.position_payload(position, path))
        except RefusedError:
            return None


def this_machine() -> LocalFiles:
    """The machine that these tools run on."""
    return LocalFiles(Path("/"), _vcgencmd)


def _vcgencmd(what: str) -> str | None:
    try:
        done = subprocess.run(
            ["vcgencmd", *what.split()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_FIRMWARE_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", errors="replace")


def _read_all(file: int) -> bytes:
    data = b""
    while len(data) < TEXT_MAX_BYTES:
        part = os.read(file, TEXT_MAX_BYTES - len(data))
        if not part:
            break
        data += part
    return data

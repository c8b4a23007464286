# SPDX-License-Identifier: Apache-2.0
"""The serial line of an emulated board."""

from __future__ import annotations

import re
import time

from host_tools.devices.boards.machine import QemuMachine
from host_tools.devices.serial_line import SerialAddress, SerialTransport
from host_tools.errors import DeviceError
from host_tools.protocol.transport import LinkClosedError

KIND = "board"
BAUD = 921_600
"""Only said: an emulated line is as fast as the emulated processor empties it."""
BOOT_S = 120.0
"""Booting takes 3 to 15 s on a free computer; a busy one must not make it a failure."""
UP = "percepnet board is up"
"""What a board's Linux writes to its line before the agent takes it."""
_PANIC = re.compile(rb"Kernel panic[ -~]*(?=\r?\n)")
_SAID_BYTES = 2000
_QUOTED_CHARACTERS = 200


class BoardLine(SerialTransport):
    """The first serial line of a machine, which it owns; tells why the machine ended."""

    def __init__(self, device: str, machine: QemuMachine) -> None:
        self._machine = machine
        super().__init__(SerialAddress(machine.serial_paths[0], BAUD))
        self._name = device

    def wait_until_up(self) -> None:
        """Wait until Linux has booted. Raises DeviceError with what the board said last."""
        deadline = time.monotonic() + BOOT_S
        said = b""
        while UP.encode() not in said:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise DeviceError(
                    f"{self._name}: not up after {BOOT_S:.0f} s; on its line: {_last_words(said)}; "
                    "is this computer very busy?"
                )
            try:
                said = (said + self.read(left_s))[-_SAID_BYTES:]
            except LinkClosedError as error:
                raise DeviceError(f"{error}; on its line: {_last_words(said)}") from error
            panic = _PANIC.search(said)
            if panic is not None:
                raise DeviceError(f"{self._name}: its Linux gave up: {panic[0].decode()}")

    def release(self) -> None:
        """Free the line for other programs; the machine runs on."""
        super().close()

    def close(self) -> None:
        """Free the line and switch the machine off."""
        super().close()
        self._machine.close()

    def _lost(self) -> str:
        self._machine.wait(1.0)
        return self._machine.ended() or super()._lost()


def _last_words(said: bytes) -> str:
    words = said.decode(errors="replace").split()
    return " ".join(words)[-_QUOTED_CHARACTERS:] or "nothing"

# SPDX-License-Identifier: Apache-2.0
"""Two pseudo-terminals with a thread between them that can be as bad as a real serial line."""

from __future__ import annotations

import os
import random
import select
import threading
import time
import tty
from dataclasses import dataclass, field

_READ_BYTES = 4096
_BITS_PER_BYTE = 10


@dataclass
class Direction:
    """What went one way: ``sent`` bytes came in, ``frames`` of which ``hit`` were harmed."""

    sent: int = 0
    frames: int = 0
    hit: int = 0
    pending: bytearray = field(default_factory=bytearray)


class SerialProxy:
    """Carries bytes between ``host_path`` and ``device_path``, at *baud* bit/s at most.

    Each frame (what ends with a zero byte) is lost, damaged, doubled or cut with probability
    *rate*; all of it is handed on in pieces.
    """

    def __init__(self, rate: float = 0.0, baud: int | None = None, seed: int = 1) -> None:
        self._ends = [os.openpty(), os.openpty()]
        for _, slave in self._ends:
            tty.setraw(slave)
        self.host_path, self.device_path = (os.ttyname(slave) for _, slave in self._ends)
        self.to_device, self.to_host = Direction(), Direction()
        self._rate, self._baud = rate, baud
        self._random = random.Random(seed)
        self._running = True
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._running = False
        self._thread.join()
        for end in self._ends:
            for descriptor in end:
                os.close(descriptor)

    def unplug(self) -> None:
        """Stop carrying anything; the ports stay."""
        self._running = False
        self._thread.join()

    def replug(self) -> None:
        self._running = True
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        (host, _), (device, _) = self._ends
        ways = {host: (device, self.to_device), device: (host, self.to_host)}
        while self._running:
            ready, _, _ = select.select(list(ways), [], [], 0.05)
            for source in ready:
                target, way = ways[source]
                data = os.read(source, _READ_BYTES)
                way.sent += len(data)
                if self._baud:
                    time.sleep(len(data) * _BITS_PER_BYTE / self._baud)
                self._hand_on(target, way, data)

    def _hand_on(self, target: int, way: Direction, data: bytes) -> None:
        if not self._rate:
            self._write(target, data)
            return
        way.pending += data
        while (end := way.pending.find(0)) >= 0:
            frame = bytes(way.pending[: end + 1])
            del way.pending[: end + 1]
            if len(frame) > 1:  # not the zero that begins a frame
                way.frames += 1
                if self._random.random() < self._rate:
                    way.hit += 1
                    frame = self._harmed(frame)
            self._write(target, frame)

    def _write(self, target: int, data: bytes) -> None:
        while data and self._running:
            _, ready, _ = select.select([], [target], [], 0.05)
            if ready:
                size = self._random.randint(1, len(data))
                data = data[os.write(target, data[: min(size, 512)]) :]

    def _harmed(self, frame: bytes) -> bytes:
        at = self._random.randrange(len(frame))
        wrong = bytes([frame[at] ^ self._random.randint(1, 255)])
        choices = [b"", frame[:at] + wrong + frame[at + 1 :], frame + frame, frame[:at]]
        return self._random.choice(choices)

# SPDX-License-Identifier: Apache-2.0
"""A transport that loses, damages, doubles and splits what passes through it."""

from __future__ import annotations

import random

from host_tools.protocol.transport import Transport


class FaultyLink:
    """Wraps a transport; each write and each read is hit with probability *rate*."""

    def __init__(self, inner: Transport, rate: float, seed: int) -> None:
        self.faults = 0
        self._inner = inner
        self._rate = rate
        self._random = random.Random(seed)
        self._rest = b""

    def write(self, data: bytes, timeout_s: float) -> None:
        self._inner.write(self._harmed(data), timeout_s)

    def read(self, timeout_s: float) -> bytes:
        data = self._rest or self._inner.read(timeout_s)
        cut = self._random.randint(1, max(1, len(data)))
        self._rest = data[cut:]
        return self._harmed(data[:cut])

    def close(self) -> None:
        self._inner.close()

    def _harmed(self, data: bytes) -> bytes:
        if not data or self._random.random() >= self._rate:
            return data
        self.faults += 1
        at = self._random.randrange(len(data))
        wrong = bytes([data[at] ^ self._random.randint(1, 255)])
        return self._random.choice(
            [
                b"",
                data + data,
                data[:at],
                data[at:],
                data[:at] + wrong + data[at + 1 :],
                self._random.randbytes(30) + data,
            ]
        )

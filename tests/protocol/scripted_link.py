# SPDX-License-Identifier: Apache-2.0
"""A link whose other end is a function, with faults and a clock under the test's control."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from host_tools.protocol.frames import RESPONSE_BIT, Frame, FrameReader, encode_frame

Answer = Callable[[Frame], list[bytes]]


class ScriptedLink:
    """Transport: every frame written is answered by *answer*; time passes only while waiting."""

    def __init__(self, answer: Answer) -> None:
        self.now = 0.0
        self.requests: list[Frame] = []
        self._answer = answer
        self._reader = FrameReader()
        self._inbox: deque[bytes] = deque()

    def clock(self) -> float:
        return self.now

    def write(self, data: bytes, timeout_s: float) -> None:
        del timeout_s
        for frame in self._reader.feed(data):
            self.requests.append(frame)
            self._inbox.extend(self._answer(frame))

    def read(self, timeout_s: float) -> bytes:
        if self._inbox:
            return self._inbox.popleft()
        self.now += timeout_s
        return b""

    def close(self) -> None:
        """Nothing to free."""


def response(request: Frame, payload: bytes = b"", status: int = 0, version: int = 1) -> bytes:
    """The wire bytes of the answer to *request*."""
    kind = request.type | RESPONSE_BIT
    return encode_frame(Frame(kind, request.session, request.sequence, payload, status, version))

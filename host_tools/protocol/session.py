# SPDX-License-Identifier: Apache-2.0
"""Requests and answers over a link that may lose, damage or repeat bytes.

Every request gets a sequence number and is sent again until its answer comes. The agent answers
in order and recognises a repeated RUN or STREAM, so sending again is always safe.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from host_tools.errors import DeviceError, ProtocolError
from host_tools.protocol import frames as wire
from host_tools.protocol.frames import Frame, FrameReader, encode_frame
from host_tools.protocol.messages import (
    DAMAGED_NOTICE,
    PROGRESS_NOTICE,
    Command,
    Fields,
    RefusedError,
    Status,
)
from host_tools.protocol.transport import RestartedError, Transport

_DEFAULT_WINDOW_BYTES = 4096
_IDENTIFY_REPEAT_S = 1.0
_ANSWER_OVERHEAD_BYTES = 64

Request = tuple[Command, bytes]
ProgressNotice = Callable[[int, int], None]
AnsweredNotice = Callable[[int], None]
"""Called with how many of the requests are answered."""


@dataclass(frozen=True)
class Timing:
    """How patient a session is.

    ``start_s``: until the first answer to IDENTIFY (an emulator has to load the program);
    ``answer_s``: without a sign of life before a request is sent again;
    ``tries``: how often a request is sent before the device counts as silent.
    """

    start_s: float = 10.0
    answer_s: float = 5.0
    tries: int = 4


@dataclass
class _Pending:
    index: int
    command: Command
    data: bytes
    sent_at: float = 0.0
    tries: int = 0
    hurried: bool = False

    @property
    def link_bytes(self) -> int:
        """Most that the request and its answer take on the link."""
        answer = wire.PAYLOAD_MAX_BYTES if self.command == Command.DOWNLOAD else 0
        return len(self.data) + answer + _ANSWER_OVERHEAD_BYTES


class Session:
    """One conversation with an agent over *transport*; *name* appears in messages."""

    def __init__(
        self,
        transport: Transport,
        name: str,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.resent = 0
        self.window_bytes = _DEFAULT_WINDOW_BYTES
        self._transport = transport
        self._timing = timing or Timing()
        self._clock = clock
        self._reader = FrameReader()
        self._sequence = 0
        self._session = 0

    @property
    def damaged_frames(self) -> int:
        """Damaged frames received so far."""
        return self._reader.damaged

    def open(self) -> bytes:
        """Begin a new session; gives the answer to IDENTIFY.

        Raises DeviceError when nothing answers and ProtocolError when something else does.
        """
        self._session = secrets.randbelow(0xFFFF) + 1
        repeat_s = min(_IDENTIFY_REPEAT_S, self._timing.start_s)
        tries = max(1, round(self._timing.start_s / repeat_s))
        return self._exchange([(Command.IDENTIFY, b"")], repeat_s, tries, None)[0]

    def request(
        self, command: Command, payload: bytes = b"", progress: ProgressNotice | None = None
    ) -> bytes:
        """Send one request and wait for its answer's payload.

        Raises RefusedError, DeviceError (silent, lost, restarted) or ProtocolError (garbage).
        """
        timing = self._timing
        return self._exchange([(command, payload)], timing.answer_s, timing.tries, progress)[0]

    def request_all(
        self, requests: Iterable[Request], answered: AnsweredNotice | None = None
    ) -> list[bytes]:
        """Send many requests that may be executed twice, several at a time; answers in order."""
        timing = self._timing
        return self._exchange(list(requests), timing.answer_s, timing.tries, None, answered)

    def close(self) -> None:
        """Say goodbye once, without waiting for the answer."""
        if self._session:
            self._sequence = self._sequence % 0xFFFF + 1
            frame = Frame(Command.GOODBYE, self._session, self._sequence)
            self._session = 0
            self._transport.write(encode_frame(frame), self._timing.answer_s)

    def _exchange(
        self,
        requests: Sequence[Request],
        patience_s: float,
        tries: int,
        progress: ProgressNotice | None,
        answered: AnsweredNotice | None = None,
    ) -> list[bytes]:
        answers: list[bytes | None] = [None] * len(requests)
        pending: OrderedDict[int, _Pending] = OrderedDict()
        waiting = 0
        while waiting < len(requests) or pending:
            while waiting < len(requests) and self._fits(pending):
                self._begin(pending, waiting, requests[waiting])
                waiting += 1
            oldest = min(item.sent_at for item in pending.values())
            left_s = oldest + patience_s - self._clock()
            data = self._transport.read(max(left_s, 0.0))
            damaged = self._reader.damaged
            for frame in self._reader.feed(data):
                self._handle(frame, pending, answers, progress)
            if self._reader.damaged > damaged:
                self._hurry_oldest(pending)
            if answered is not None:
                answered(waiting - len(pending))
            self._repeat_overdue(pending, patience_s, tries)
        return [answer for answer in answers if answer is not None]

    def _fits(self, pending: OrderedDict[int, _Pending]) -> bool:
        """One request is always allowed; more while the buffers of the link hold them all."""
        in_flight = sum(item.link_bytes for item in pending.values())
        return not pending or in_flight + 2 * wire.PAYLOAD_MAX_BYTES <= self.window_bytes

    def _begin(self, pending: OrderedDict[int, _Pending], index: int, request: Request) -> None:
        command, payload = request
        self._sequence = self._sequence % 0xFFFF + 1
        data = encode_frame(Frame(command, self._session, self._sequence, payload))
        pending[self._sequence] = _Pending(index, command, data)
        self._send(pending, self._sequence)

    def _send(self, pending: OrderedDict[int, _Pending], sequence: int) -> None:
        item = pending[sequence]
        self._transport.write(item.data, self._timing.answer_s)
        item.sent_at = self._clock()
        item.tries += 1
        pending.move_to_end(sequence)

    def _resend(self, pending: OrderedDict[int, _Pending], sequence: int) -> None:
        self.resent += 1
        self._send(pending, sequence)

    def _hurry_oldest(self, pending: OrderedDict[int, _Pending]) -> None:
        """A frame was damaged: the oldest request or its answer. Once for each time-out."""
        if pending:
            sequence, item = next(iter(pending.items()))
            if not item.hurried:
                item.hurried = True
                item.tries -= 1
                self._resend(pending, sequence)

    def _repeat_overdue(
        self, pending: OrderedDict[int, _Pending], patience_s: float, tries: int
    ) -> None:
        now = self._clock()
        for sequence, item in list(pending.items()):
            if now - item.sent_at < patience_s:
                continue
            if item.tries >= tries:
                raise self._silence(item.command, patience_s * tries)
            item.hurried = False
            self._resend(pending, sequence)

    def _handle(
        self,
        frame: Frame,
        pending: OrderedDict[int, _Pending],
        answers: list[bytes | None],
        progress: ProgressNotice | None,
    ) -> None:
        if frame.version != wire.PROTOCOL_VERSION:
            raise ProtocolError(
                f"{self.name}: the agent speaks protocol {frame.version}, this host "
                f"{wire.PROTOCOL_VERSION}; build both from the same version"
            )
        if frame.session != self._session:
            return  # left over from an earlier session
        if frame.type == DAMAGED_NOTICE:
            self._hurry_oldest(pending)
        elif frame.type == PROGRESS_NOTICE:
            self._note_progress(frame, pending, progress)
        elif frame.sequence in pending:
            item = pending[frame.sequence]
            if frame.type == item.command | wire.RESPONSE_BIT:
                answers[item.index] = self._checked(item.command, frame)
                self._resend_skipped(pending, frame.sequence)
                del pending[frame.sequence]

    def _note_progress(
        self,
        frame: Frame,
        pending: OrderedDict[int, _Pending],
        progress: ProgressNotice | None,
    ) -> None:
        item = pending.get(frame.sequence)
        if item is None:
            return
        item.sent_at = self._clock()
        item.tries = 1
        if progress is not None:
            fields = Fields(frame.payload, self.name)
            progress(fields.take("<I"), fields.take("<I"))

    def _resend_skipped(self, pending: OrderedDict[int, _Pending], answered: int) -> None:
        """Answers come in order: what was sent before the answered request got lost."""
        now = self._clock()
        order = list(pending)
        skipped = order[: order.index(answered)]
        for item in pending.values():
            item.sent_at = now
        for sequence in skipped:
            self._resend(pending, sequence)

    def _checked(self, command: Command, frame: Frame) -> bytes:
        if frame.status == Status.OK:
            return frame.payload
        if frame.status == Status.VERSION:
            raise ProtocolError(f"{self.name}: the agent refuses this protocol version")
        if frame.status == Status.NO_SESSION:
            raise RestartedError(f"{self.name}: the agent was restarted meanwhile; run again")
        raise RefusedError(self.name, command, frame.status, frame.payload)

    def _silence(self, command: Command, waited_s: float) -> Exception:
        reader = self._reader
        strays = reader.stray_bytes + reader.unfinished_bytes
        if reader.good == 0 and strays:
            sample = reader.unfinished_sample()
            return ProtocolError(
                f"{self.name}: what answers is not the PercepNet agent: {strays} bytes such as "
                f"{sample[:24]!r}; check the program, the port and the baud rate"
            )
        if reader.damaged:
            return ProtocolError(
                f"{self.name}: the link damages too much ({reader.damaged} damaged frames while "
                f"waiting for {command.name.lower()}); check the cable or lower the baud rate"
            )
        return DeviceError(
            f"{self.name}: no answer to {command.name.lower()} within {waited_s:.0f} s; "
            "is the agent still running?"
        )

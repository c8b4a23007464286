# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from host_tools.errors import DeviceError, ProtocolError
from host_tools.protocol import Command, RefusedError, Session, Status, Timing
from host_tools.protocol.frames import Frame, encode_frame
from host_tools.protocol.messages import DAMAGED_NOTICE, PROGRESS_NOTICE
from tests.protocol.scripted_link import ScriptedLink, response

TIMING = Timing(start_s=3.0, answer_s=1.0, tries=3)


def open_session(answer: Callable[[Frame], list[bytes]]) -> tuple[Session, ScriptedLink]:
    """A session whose IDENTIFY is answered and whose other requests go to *answer*."""
    link = ScriptedLink(
        lambda frame: [response(frame)] if frame.type == Command.IDENTIFY else answer(frame)
    )
    session = Session(link, "test", TIMING, link.clock)
    session.open()
    link.requests.clear()
    return session, link


def test_a_lost_request_is_sent_again_unchanged() -> None:
    seen: list[Frame] = []

    def answer(frame: Frame) -> list[bytes]:
        seen.append(frame)
        return [] if len(seen) == 1 else [response(frame, b"done")]

    session, _ = open_session(answer)
    assert session.request(Command.RUN, b"x") == b"done"
    assert seen[0] == seen[1]
    assert session.resent == 1


def test_silence_ends_in_a_device_error_after_the_stated_time() -> None:
    session, link = open_session(lambda frame: [])
    before = link.now
    with pytest.raises(DeviceError, match="no answer to run within 3 s"):
        session.request(Command.RUN)
    assert link.now - before == pytest.approx(3.0)
    assert len(link.requests) == 3


def test_a_damaged_answer_is_asked_for_at_once() -> None:
    count = 0

    def answer(frame: Frame) -> list[bytes]:
        nonlocal count
        count += 1
        whole = response(frame, b"abcdef")
        return [whole[:5] + b"?" + whole[6:]] if count == 1 else [whole]

    session, link = open_session(answer)
    before = link.now
    assert session.request(Command.STREAM) == b"abcdef"
    assert link.now == before


def test_a_notice_of_damage_repeats_the_request_at_once() -> None:
    count = 0

    def answer(frame: Frame) -> list[bytes]:
        nonlocal count
        count += 1
        notice = encode_frame(Frame(DAMAGED_NOTICE, frame.session, 0))
        return [notice] if count == 1 else [response(frame)]

    session, link = open_session(answer)
    before = link.now
    session.request(Command.RESET)
    assert link.now == before


def test_answers_of_an_earlier_session_or_number_are_ignored() -> None:
    def answer(frame: Frame) -> list[bytes]:
        other_session = Frame(frame.type | 0x80, frame.session ^ 1, frame.sequence, b"old")
        other_number = Frame(frame.type | 0x80, frame.session, frame.sequence - 1, b"old")
        return [
            encode_frame(other_session),
            encode_frame(other_number),
            response(frame, b"new"),
        ]

    session, _ = open_session(answer)
    assert session.request(Command.RUN) == b"new"


def test_a_doubled_answer_is_taken_once() -> None:
    session, _ = open_session(lambda frame: [response(frame, frame.payload)] * 2)
    assert [session.request(Command.STREAM, bytes([i])) for i in range(5)] == [
        bytes([i]) for i in range(5)
    ]


def test_many_requests_keep_their_order_when_some_are_lost() -> None:
    seen: set[bytes] = set()

    def answer(frame: Frame) -> list[bytes]:
        first_time = frame.payload not in seen
        seen.add(frame.payload)
        lost = first_time and frame.payload[0] % 5 == 2
        return [] if lost else [response(frame, frame.payload)]

    session, link = open_session(answer)
    session.window_bytes = 65536
    payloads = [bytes([i]) for i in range(100)]
    answers = session.request_all((Command.UPLOAD, payload) for payload in payloads)
    assert answers == payloads
    assert session.resent == 20
    assert link.now < 1.5, "a later answer tells of the loss, no time-out needed but the last"


def test_only_one_request_is_on_the_way_without_room_in_the_window() -> None:
    on_the_way = 0

    def answer(frame: Frame) -> list[bytes]:
        nonlocal on_the_way
        on_the_way += 1
        assert on_the_way == 1
        on_the_way -= 1
        return [response(frame)]

    session, _ = open_session(answer)
    session.window_bytes = 0
    assert len(session.request_all([(Command.UPLOAD, b"x")] * 10)) == 10


def test_progress_keeps_a_long_run_alive_and_is_reported() -> None:
    told: list[tuple[int, int]] = []
    steps = 0

    class Slow(ScriptedLink):
        """Gives a notice after each 0.9 s of waiting, at last the answer."""

        def read(self, timeout_s: float) -> bytes:
            nonlocal steps
            if not self.requests or self.requests[-1].type != Command.RUN:
                return super().read(timeout_s)
            run = self.requests[-1]
            steps += 1
            self.now += 0.9
            if steps == 20:
                return response(run, b"end")
            notice = Frame(
                PROGRESS_NOTICE, run.session, run.sequence, struct.pack("<II", steps, 20)
            )
            return encode_frame(notice)

    link = Slow(lambda frame: [response(frame)] if frame.type == Command.IDENTIFY else [])
    session = Session(link, "test", TIMING, link.clock)
    session.open()
    assert session.request(Command.RUN, b"", lambda done, all_: told.append((done, all_))) == b"end"
    assert told[0] == (1, 20) and told[-1] == (19, 20)
    assert session.resent == 0


def test_another_version_is_named() -> None:
    link = ScriptedLink(lambda frame: [response(frame, version=9)])
    with pytest.raises(ProtocolError, match="protocol 9, this host 1"):
        Session(link, "test", TIMING, link.clock).open()


def test_a_restarted_agent_is_noticed() -> None:
    session, _ = open_session(lambda frame: [response(frame, status=Status.NO_SESSION)])
    with pytest.raises(DeviceError, match="restarted"):
        session.request(Command.RUN)


@pytest.mark.parametrize("status", [Status.OUT_OF_RANGE, 99])
def test_a_refusal_carries_its_status(status: int) -> None:
    session, _ = open_session(lambda frame: [response(frame, status=status)])
    with pytest.raises(RefusedError, match="refused run") as caught:
        session.request(Command.RUN)
    assert caught.value.status == status


def test_the_library_s_own_words_are_passed_on() -> None:
    payload = struct.pack("<iB", -6, 9) + b"no kernel"
    session, _ = open_session(lambda frame: [response(frame, payload, Status.LIBRARY)])
    with pytest.raises(RefusedError, match="no kernel") as caught:
        session.request(Command.CONFIGURE)
    assert caught.value.library_status == -6


@pytest.mark.parametrize("noise", [b"login: ", b"\0\xff\0garbage\0", b"U" * 9000])
def test_what_is_no_agent_is_told_from_silence(noise: bytes) -> None:
    link = ScriptedLink(lambda frame: [noise])
    with pytest.raises(ProtocolError, match="not the PercepNet agent"):
        Session(link, "test", TIMING, link.clock).open()


def test_nothing_at_all_is_a_device_error() -> None:
    link = ScriptedLink(lambda frame: [])
    with pytest.raises(DeviceError, match="no answer to identify within 3 s"):
        Session(link, "test", TIMING, link.clock).open()

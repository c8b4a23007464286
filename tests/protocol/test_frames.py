# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import zlib

from hypothesis import given
from hypothesis import strategies as st

from host_tools.protocol.cobs import cobs_decode, cobs_encode
from host_tools.protocol.frames import PAYLOAD_MAX_BYTES, Frame, FrameReader, encode_frame

FRAMES = st.builds(
    Frame,
    type=st.integers(0, 255),
    session=st.integers(0, 65535),
    sequence=st.integers(0, 65535),
    payload=st.binary(max_size=1200),
    status=st.integers(0, 255),
    version=st.integers(0, 255),
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """*data* cut at the given places, in order."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.binary(max_size=2000))
def test_cobs_gives_any_data_back_and_holds_no_zero(data: bytes) -> None:
    encoded = cobs_encode(data)
    assert b"\0" not in encoded
    assert len(encoded) <= len(data) + len(data) // 254 + 1
    assert cobs_decode(encoded) == data


@given(st.integers(250, 260), st.integers(0, 3), st.binary(max_size=3))
def test_cobs_survives_runs_around_its_longest(run: int, zeros: int, tail: bytes) -> None:
    data = b"\x07" * run + b"\0" * zeros + tail
    assert cobs_decode(cobs_encode(data)) == data


@given(st.binary(max_size=600))
def test_cobs_decoding_of_any_bytes_ends_in_bytes_or_none(data: bytes) -> None:
    decoded = cobs_decode(data.replace(b"\0", b"\x01"))
    assert decoded is None or len(decoded) <= len(data)


def test_the_layout_is_the_one_in_the_document() -> None:
    body = bytes([1, 0x01, 0x34, 0x12, 0x01, 0x00, 0, 0])
    expected = b"\0" + cobs_encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"
    assert encode_frame(Frame(0x01, 0x1234, 1)) == expected
    assert expected == bytes.fromhex("00 06 01 01 34 12 01 01 01 05 7f 32 88 32 00")


@given(st.lists(FRAMES, max_size=5), st.lists(st.integers(0, 10_000), max_size=12))
def test_frames_arrive_whole_however_the_bytes_are_split(
    frames: list[Frame], cuts: list[int]
) -> None:
    reader = FrameReader()
    stream = b"".join(encode_frame(frame) for frame in frames)
    got = [frame for piece in pieces(stream, cuts) for frame in reader.feed(piece)]
    assert got == frames
    assert reader.damaged == 0


@given(FRAMES, st.integers(0, 10_000), st.integers(1, 255))
def test_one_wrong_byte_never_gives_a_wrong_frame(frame: Frame, at: int, flip: int) -> None:
    wire = bytearray(encode_frame(frame))
    inside = 1 + at % (len(wire) - 2)
    wire[inside] ^= flip
    reader = FrameReader()
    assert reader.feed(bytes(wire)) in ([], [frame])
    assert reader.feed(bytes(wire)[:inside]) == []


@given(st.binary(max_size=400), FRAMES)
def test_a_frame_after_any_garbage_is_found(garbage: bytes, frame: Frame) -> None:
    reader = FrameReader()
    reader.feed(garbage)
    assert reader.feed(encode_frame(frame))[-1] == frame


@given(FRAMES, st.integers(1, 10_000))
def test_a_frame_after_a_lost_stretch_is_found(frame: Frame, keep: int) -> None:
    wire = encode_frame(frame)
    reader = FrameReader()
    reader.feed(wire[: keep % len(wire)])
    assert reader.feed(wire)[-1:] == [frame]


def test_endless_bytes_without_a_zero_take_bounded_memory_and_are_dropped() -> None:
    reader = FrameReader()
    for _ in range(100):
        assert reader.feed(b"x" * 1000) == []
    assert reader.unfinished_bytes <= PAYLOAD_MAX_BYTES + 1100
    frame = Frame(1, 2, 3, b"abc")
    assert reader.feed(encode_frame(frame)) == [frame]
    assert reader.damaged == 1
    assert reader.stray_bytes == 100_000


def test_a_payload_beyond_the_limit_is_not_sent() -> None:
    too_long = Frame(1, 2, 3, bytes(PAYLOAD_MAX_BYTES + 1))
    try:
        encode_frame(too_long)
    except ValueError as error:
        assert "4097" in str(error)
    else:
        raise AssertionError("accepted")


def test_a_full_frame_costs_less_than_one_percent() -> None:
    wire = encode_frame(Frame(4, 1, 1, b"\xff" * PAYLOAD_MAX_BYTES))
    assert len(wire) <= PAYLOAD_MAX_BYTES * 1.01

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.errors import ProtocolError
from host_tools.protocol.messages import Fields, IdentifyReply, RunReply, kernel_set


def identify_payload() -> bytes:
    numbers = struct.pack(
        "<7I2H2Ii", 4096, 65536, 1000, 250_000, 1, 3, 48_000, 480, 1440, 0b1110, 0b0110, 0
    )
    texts = ("0.1.0", "neon", "ab" * 32, "aarch64", "Cortex-A53", "GCC 12", "ok", "c0ffee", "linux")
    return numbers + b"".join(bytes([len(text)]) + text.encode() for text in texts)


def test_identify_is_read_as_documented() -> None:
    reply = IdentifyReply.parse(identify_payload())
    assert reply.capacity_frames == 1000
    assert reply.kernels_compiled == ("scalar", "neon", "dotprod")
    assert reply.kernels_available == ("scalar", "neon")
    assert (reply.cpu_name, reply.compiler, reply.library_text) == ("Cortex-A53", "GCC 12", "ok")
    assert (reply.build_id, reply.platform) == ("c0ffee", "linux")


def test_bytes_that_a_later_version_adds_are_ignored() -> None:
    assert IdentifyReply.parse(identify_payload() + b"more") == IdentifyReply.parse(
        identify_payload()
    )


@given(st.integers(0, 200))
def test_a_payload_cut_short_is_a_protocol_error(length: int) -> None:
    whole = identify_payload()
    cut = whole[: min(length, len(whole) - 1)]
    with pytest.raises(ProtocolError, match="too short"):
        IdentifyReply.parse(cut)


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    for parse in (IdentifyReply.parse, RunReply.parse, lambda raw: Fields(raw).text()):
        try:
            parse(data)
        except ProtocolError as error:
            assert "too short" in str(error)


def test_unknown_kernels_in_a_mask_are_left_out() -> None:
    assert kernel_set(0xFFFFFFFF)[0] == "scalar"
    assert kernel_set(1 << 20) == ()


def test_an_agent_that_keeps_no_wake_ups_is_understood() -> None:
    older = bytes(range(48))
    assert RunReply.parse(older).wake_ups_crc is None
    assert RunReply.parse(older + b"\x01\x02\x00\x00").wake_ups_crc == 0x201

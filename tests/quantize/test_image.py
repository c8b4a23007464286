# SPDX-License-Identifier: Apache-2.0
"""The model image: writer and reader agree, and damage is always found, in Python and in C."""

from __future__ import annotations

import dataclasses
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.errors import DataError
from host_tools.exchange.c_network import CNetwork
from host_tools.network.checkpoint import random_checkpoint
from host_tools.network.profile import Profile
from host_tools.quantize.image import (
    ENTRY,
    HEADER,
    TABLE_OFFSET,
    digest,
    load_image,
    read_image,
    save_image,
    write_image,
)
from host_tools.quantize.model import MATRIX_NAMES, QuantizedModel
from host_tools.quantize.weights import quantize_checkpoint
from tests.kernels.lab import crc32, parse_status
from tests.quantize.models import ODD_KERNELS, SMALL, plausible_features

MODEL = quantize_checkpoint(random_checkpoint(SMALL, 1))
IMAGE = write_image(MODEL)
STRUCTURE_BYTES = TABLE_OFFSET + 47 * ENTRY.size

OK, TRUNCATED, MAGIC, VERSION, TOPOLOGY, CHECKSUM = 0, -8, -9, -10, -11, -12


def with_bytes(offset: int, content: bytes, *, resigned: bool = False) -> bytes:
    """IMAGE with some bytes replaced, with matching digest and CRC when ``resigned``."""
    image = bytearray(IMAGE)
    image[offset : offset + len(content)] = content
    if resigned:
        image[16:48] = hashlib.sha256(image[HEADER.size :]).digest()
        struct.pack_into("<I", image, 12, zlib.crc32(image[16:]))
    return bytes(image)


def refused(image: bytes) -> bool:
    """Whether the Python reader raises its own error."""
    try:
        read_image(image)
    except DataError:
        return True
    return False


def assert_same_model(a: QuantizedModel, b: QuantizedModel) -> None:
    assert a.profile == b.profile
    assert np.array_equal(a.feature_mean, b.feature_mean)
    assert np.array_equal(a.feature_scale_q20, b.feature_scale_q20)
    for name in MATRIX_NAMES:
        for field in dataclasses.fields(a.matrices[name]):
            left = getattr(a.matrices[name], field.name)
            assert np.array_equal(left, getattr(b.matrices[name], field.name)), name


@pytest.mark.parametrize("profile", [SMALL, ODD_KERNELS], ids=lambda profile: profile.name)
def test_reading_gives_back_what_was_written(profile: Profile) -> None:
    model = quantize_checkpoint(random_checkpoint(profile, 3))
    assert_same_model(read_image(write_image(model)), model)


def test_the_same_model_gives_the_same_bytes() -> None:
    assert write_image(quantize_checkpoint(random_checkpoint(SMALL, 1))) == IMAGE


def test_the_library_accepts_what_the_tools_write() -> None:
    assert parse_status(IMAGE) == OK


def test_the_digest_is_the_sha256_of_what_follows_the_header() -> None:
    assert digest(IMAGE) == hashlib.sha256(IMAGE[HEADER.size :]).hexdigest()
    assert CNetwork(IMAGE).digest == digest(IMAGE)


def test_every_tensor_starts_at_a_multiple_of_64() -> None:
    offsets = [ENTRY.unpack_from(IMAGE, TABLE_OFFSET + i * ENTRY.size)[5] for i in range(47)]
    assert all(offset % 64 == 0 for offset in offsets)


@pytest.mark.parametrize("flip", [0x01, 0x80])
def test_any_flipped_bit_before_the_tensors_is_an_error(flip: int) -> None:
    for offset in range(STRUCTURE_BYTES):
        damaged = with_bytes(offset, bytes([IMAGE[offset] ^ flip]))
        assert parse_status(damaged) != OK, offset
        assert refused(damaged), offset


@given(offset=st.integers(STRUCTURE_BYTES, len(IMAGE) - 1), flip=st.integers(1, 255))
def test_any_flipped_byte_of_a_tensor_is_a_checksum_error(offset: int, flip: int) -> None:
    damaged = with_bytes(offset, bytes([IMAGE[offset] ^ flip]))
    assert parse_status(damaged) == CHECKSUM
    assert refused(damaged)


@given(length=st.one_of(st.integers(0, 2000), st.integers(0, len(IMAGE) - 1)))
def test_any_truncated_image_is_an_error(length: int) -> None:
    assert parse_status(IMAGE[:length]) == TRUNCATED
    assert refused(IMAGE[:length])


def test_each_kind_of_damage_has_its_own_status() -> None:
    assert parse_status(with_bytes(0, b"RIFF")) == MAGIC
    assert parse_status(with_bytes(4, b"\2")) == VERSION
    assert parse_status(with_bytes(9, b"\xff\xff")) == TRUNCATED
    assert parse_status(with_bytes(200, b"\xff")) == CHECKSUM
    assert parse_status(b"") == TRUNCATED


def test_the_library_ignores_bytes_behind_the_image_and_the_tools_refuse_them() -> None:
    assert parse_status(IMAGE + b"behind") == OK
    assert refused(IMAGE + b"behind")


@settings(max_examples=400)
@given(
    offset=st.integers(HEADER.size - 16, STRUCTURE_BYTES - 4).map(lambda x: x // 4 * 4),
    value=st.one_of(
        st.integers(0, 2**32 - 1),
        st.sampled_from([0, 1, 15, 16, 1024, 1040, 2**31 - 1, 2**31, 2**32 - 64, 2**32 - 1]),
    ),
)
def test_a_structure_that_lies_under_a_valid_checksum_never_crashes_the_library(
    offset: int, value: int
) -> None:
    forged = with_bytes(offset, struct.pack("<I", value), resigned=True)
    assert parse_status(forged) in (OK, TOPOLOGY)
    assert refused(forged) or parse_status(forged) == OK


def test_a_wrong_digest_is_refused_by_the_tools() -> None:
    image = bytearray(IMAGE)
    image[20] ^= 1
    struct.pack_into("<I", image, 12, zlib.crc32(image[16:]))
    assert refused(bytes(image))


@pytest.mark.parametrize(
    ("entry", "field"),
    [(2, name) for name in ("kind", "layer", "role", "rows", "columns", "bytes", "reserved")],
)
def test_a_table_line_that_disagrees_with_the_topology_is_refused(entry: int, field: str) -> None:
    at = {"kind": 0, "layer": 4, "role": 8, "rows": 12, "columns": 16, "bytes": 24, "reserved": 28}
    offset = TABLE_OFFSET + entry * ENTRY.size + at[field]
    old = struct.unpack_from("<I", IMAGE, offset)[0]
    forged = with_bytes(offset, struct.pack("<I", old + 8), resigned=True)
    assert parse_status(forged) == TOPOLOGY
    assert refused(forged)


@pytest.mark.parametrize("tensor_offset", [0, 64, 1, 2**32 - 64, len(IMAGE)])
def test_a_tensor_outside_the_data_is_refused(tensor_offset: int) -> None:
    offset = TABLE_OFFSET + 2 * ENTRY.size + 20
    forged = with_bytes(offset, struct.pack("<I", tensor_offset), resigned=True)
    assert parse_status(forged) == TOPOLOGY
    assert refused(forged)


def tensor_offset(matrix: str, role: int) -> int:
    """Where one tensor of IMAGE starts."""
    index = 2 + 3 * MATRIX_NAMES.index(matrix) + role
    return int(ENTRY.unpack_from(IMAGE, TABLE_OFFSET + index * ENTRY.size)[5])


@pytest.mark.parametrize(
    ("offset", "content"),
    [
        (tensor_offset("conv2", 0) + 77, b"\x80"),
        (tensor_offset("gru1.input", 1), struct.pack("<i", -1)),
        (tensor_offset("gru1.input", 2), struct.pack("<i", (1 << 28) + 1)),
        (tensor_offset("fc_rb", 2), struct.pack("<i", -(1 << 28) - 1)),
    ],
    ids=["weight -128", "negative multiplier", "large bias", "large negative bias"],
)
def test_values_that_kernels_cannot_take_are_refused(offset: int, content: bytes) -> None:
    forged = with_bytes(offset, content, resigned=True)
    assert parse_status(forged) == TOPOLOGY
    assert refused(forged)


@pytest.mark.parametrize("size", [8, 24, 1040])
def test_a_width_that_kernels_cannot_take_is_not_written(size: int) -> None:
    model = dataclasses.replace(MODEL, profile=dataclasses.replace(SMALL, gru_rb=size))
    with pytest.raises(DataError, match="gru_rb"):
        write_image(model)


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.pnm: cannot be read"):
        load_image(tmp_path / "none.pnm")


def test_saving_leaves_one_whole_file(tmp_path: Path) -> None:
    save_image(MODEL, tmp_path / "m.pnm")
    assert [path.name for path in tmp_path.iterdir()] == ["m.pnm"]
    assert_same_model(load_image(tmp_path / "m.pnm"), MODEL)


@given(data=st.binary(max_size=2000), split=st.integers(0, 2000))
def test_crc32_equals_that_of_zlib_whole_and_in_parts(data: bytes, split: int) -> None:
    assert crc32(data) == zlib.crc32(data)
    assert crc32(data[split:], crc32(data[:split])) == zlib.crc32(data)


def test_state_of_the_small_network_is_freshly_zero_after_reset() -> None:
    network, features = CNetwork(IMAGE), plausible_features(6, 1)
    first = network.run(features)
    network.reset()
    assert np.array_equal(network.run(features).gain_q15, first.gain_q15)

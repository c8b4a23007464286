# SPDX-License-Identifier: Apache-2.0
"""Model images with block-sparse matrices, whole and damaged; dense images keep their bytes."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from host_tools.errors import DataError
from host_tools.exchange.c_network import CNetwork
from host_tools.network.checkpoint import load_checkpoint, random_checkpoint
from host_tools.network.prune import prune_checkpoint
from host_tools.quantize.image import ENTRY, HEADER, TABLE_OFFSET, read_image, write_image
from host_tools.quantize.model import MATRIX_NAMES
from host_tools.quantize.weights import quantize_checkpoint
from tests.kernels.lab import parse_status
from tests.quantize.models import SMALL, plausible_features
from tests.quantize.test_image import OK, TOPOLOGY, assert_same_model, refused

MODELS = Path(__file__).resolve().parents[2] / "models"
MODEL = quantize_checkpoint(prune_checkpoint(random_checkpoint(SMALL, 4)))
IMAGE = write_image(MODEL)
MATRIX = "gru1.input"
ENTRY_OFFSET = TABLE_OFFSET + ENTRY.size * (2 + 3 * MATRIX_NAMES.index(MATRIX))
KIND, LAYER, ROLE, ROWS, COLUMNS, OFFSET, BYTES, BLOCKS = ENTRY.unpack_from(IMAGE, ENTRY_OFFSET)
INDEX_WORDS = ROWS // 16 + BLOCKS


def forged(offset: int, content: bytes) -> bytes:
    """IMAGE with some bytes replaced and matching digest and CRC."""
    image = bytearray(IMAGE)
    image[offset : offset + len(content)] = content
    image[16:48] = hashlib.sha256(image[HEADER.size :]).digest()
    struct.pack_into("<I", image, 12, zlib.crc32(image[16:]))
    return bytes(image)


def test_the_image_under_test_has_sparse_and_dense_matrices() -> None:
    kinds = {ENTRY.unpack_from(IMAGE, TABLE_OFFSET + ENTRY.size * i)[0] for i in range(2, 47, 3)}
    assert kinds == {1, 4}
    assert KIND == 4


def test_sparse_images_are_read_back_and_written_alike() -> None:
    assert parse_status(IMAGE) == OK
    assert_same_model(read_image(IMAGE), MODEL)
    assert write_image(read_image(IMAGE)) == IMAGE


@pytest.mark.parametrize("path", sorted(MODELS.glob("*/*.pnm")), ids=lambda path: path.stem)
def test_the_models_of_the_house_are_the_bytes_that_their_checkpoints_give(path: Path) -> None:
    written = write_image(quantize_checkpoint(load_checkpoint(path.parent)))
    assert hashlib.sha256(written).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()


@settings(max_examples=400)
@given(
    word=st.integers(0, INDEX_WORDS - 1),
    value=st.one_of(
        st.integers(0, 65535), st.integers(0, COLUMNS + 8), st.sampled_from([COLUMNS, 65535])
    ),
)
@example(word=0, value=65535)
@example(word=INDEX_WORDS - 1, value=COLUMNS)
def test_a_damaged_index_is_an_error_or_another_valid_index(word: int, value: int) -> None:
    damaged = forged(OFFSET + 2 * word, struct.pack("<H", value))
    status = parse_status(damaged)
    assert status in (OK, TOPOLOGY)
    assert refused(damaged) == (status == TOPOLOGY)
    if status == OK:
        CNetwork(damaged).run(plausible_features(3, 1))


@settings(max_examples=200)
@given(content=st.binary(min_size=2 * INDEX_WORDS, max_size=2 * INDEX_WORDS))
def test_an_index_of_random_bytes_is_an_error(content: bytes) -> None:
    damaged = forged(OFFSET, content)
    assert refused(damaged) == (parse_status(damaged) == TOPOLOGY)


@pytest.mark.parametrize("blocks", [0, 1, BLOCKS - 1, BLOCKS + 1, 2**16, 2**26, 2**31, 2**32 - 1])
@pytest.mark.parametrize("bytes_too", [False, True])
def test_a_wrong_number_of_blocks_is_refused(blocks: int, bytes_too: bool) -> None:
    index_bytes = 2 * (ROWS // 16 + blocks)
    size = (-(-index_bytes // 64) * 64 + 64 * blocks) % 2**32 if bytes_too else BYTES
    damaged = forged(ENTRY_OFFSET + 24, struct.pack("<II", size, blocks))
    assert parse_status(damaged) == TOPOLOGY
    assert refused(damaged)


@pytest.mark.parametrize("name", ["fc", "fc_gb", "conv1"])
def test_a_dense_matrix_that_calls_itself_sparse_is_refused(name: str) -> None:
    damaged = forged(TABLE_OFFSET + ENTRY.size * (2 + 3 * MATRIX_NAMES.index(name)), b"\4")
    assert parse_status(damaged) == TOPOLOGY
    assert refused(damaged)


def test_a_sparse_matrix_that_calls_itself_dense_is_refused() -> None:
    damaged = forged(ENTRY_OFFSET, b"\1")
    assert parse_status(damaged) == TOPOLOGY
    assert refused(damaged)


def test_a_weight_of_minus_128_in_a_block_is_refused() -> None:
    damaged = forged(OFFSET + BYTES - 1, b"\x80")
    assert parse_status(damaged) == TOPOLOGY
    assert refused(damaged)


def test_the_error_names_matrix_and_strip() -> None:
    with pytest.raises(DataError, match=r"gru1\.input: wrong columns in strip 0"):
        read_image(forged(OFFSET + 2, struct.pack("<H", 2)))


def test_an_image_whose_sparse_weights_are_all_zero_runs() -> None:
    tensors = dict(random_checkpoint(SMALL, 1).tensors)
    tensors["conv2.weight"] = np.zeros_like(tensors["conv2.weight"])
    model = quantize_checkpoint(type(random_checkpoint(SMALL, 1))(SMALL, tensors))
    image = write_image(model)
    assert_same_model(read_image(image), model)
    CNetwork(image).run(plausible_features(3, 1))

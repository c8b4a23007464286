# SPDX-License-Identifier: Apache-2.0
"""Model image: the quantized network as the file that the library reads (docs/model-image.md)."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.files import whole_file
from host_tools.network.profile import BANDS, FEATURES, Profile
from host_tools.quantize.model import (
    MATRIX_NAMES,
    MAX_BIAS_Q12,
    MatrixShape,
    QuantizedMatrix,
    QuantizedModel,
    matrix_shapes,
)
from host_tools.quantize.packing import COLUMN_MULTIPLE, STRIP_ROWS, pack, padded, unpack
from host_tools.quantize.sparse import (
    count_blocks,
    may_be_sparse,
    most_blocks,
    pack_section,
    section_bytes,
    stored_sparse,
    unpack_section,
)

MAGIC = b"PNM1"
FORMAT_VERSION = 1
ALIGNMENT = 64
HEADER = struct.Struct("<4sIII32sIIII")
TOPOLOGY = struct.Struct("<32s12I")
TOPOLOGY_BYTES = 128
ENTRY = struct.Struct("<8I")
CRC_START = 16  # the CRC covers everything after itself
TABLE_OFFSET = HEADER.size + TOPOLOGY_BYTES
NO_LAYER = 0xFFFFFFFF
TENSOR_COUNT = 2 + 3 * len(MATRIX_NAMES)
MAX_UNITS = 1024
UNIT_MULTIPLE = 16
MAX_CONVOLUTION_FRAMES = 8

KIND_INT8_STRIPS, KIND_INT32, KIND_INT16, KIND_INT8_BLOCKS = 1, 2, 3, 4
ROLE_WEIGHTS, ROLE_MULTIPLIER, ROLE_BIAS, ROLE_FEATURE_MEAN, ROLE_FEATURE_SCALE = range(5)
DTYPES: dict[int, npt.DTypeLike] = {
    KIND_INT8_STRIPS: "<i1",
    KIND_INT32: "<i4",
    KIND_INT16: "<i2",
    KIND_INT8_BLOCKS: "<i1",
}


@dataclass(frozen=True)
class _Tensor:
    """What one line of the tensor table says."""

    kind: int
    layer: int
    role: int
    rows: int
    columns: int
    blocks: int = 0
    """Only of a block-sparse matrix."""

    @property
    def bytes(self) -> int:
        if self.kind == KIND_INT8_BLOCKS:
            return section_bytes(self.rows, self.blocks)
        return self.rows * self.columns * np.dtype(DTYPES[self.kind]).itemsize


def _tensors(profile: Profile, blocks: Mapping[str, int]) -> Iterator[_Tensor]:
    """Every tensor of an image, in file order; ``blocks`` counts those of each sparse matrix."""
    yield _Tensor(KIND_INT16, NO_LAYER, ROLE_FEATURE_MEAN, FEATURES, 1)
    yield _Tensor(KIND_INT32, NO_LAYER, ROLE_FEATURE_SCALE, FEATURES, 1)
    for layer, (name, shape) in enumerate(matrix_shapes(profile).items()):
        rows = padded(shape.rows, STRIP_ROWS)
        columns = padded(shape.columns, COLUMN_MULTIPLE)
        kind = KIND_INT8_BLOCKS if name in blocks else KIND_INT8_STRIPS
        yield _Tensor(kind, layer, ROLE_WEIGHTS, rows, columns, blocks.get(name, 0))
        yield _Tensor(KIND_INT32, layer, ROLE_MULTIPLIER, rows, 1)
        yield _Tensor(KIND_INT32, layer, ROLE_BIAS, padded(shape.bias_rows, STRIP_ROWS), 1)


def check_profile(profile: Profile) -> None:
    """Raise DataError when the library has no room or no kernel for a size of the profile."""
    for name in ("fc", "conv1", "conv2", "gru", "gru_gb", "gru_rb"):
        units = getattr(profile, name)
        if units % UNIT_MULTIPLE or not UNIT_MULTIPLE <= units <= MAX_UNITS:
            raise DataError(
                f"profile {profile.name}: {name} = {units} must be a multiple of {UNIT_MULTIPLE} "
                f"up to {MAX_UNITS}"
            )
    for name in ("conv1_kernel", "conv2_kernel"):
        if not 1 <= getattr(profile, name) <= MAX_CONVOLUTION_FRAMES:
            raise DataError(f"profile {profile.name}: {name} must be 1 to {MAX_CONVOLUTION_FRAMES}")
    if len(profile.name.encode()) > 31:
        raise DataError(f"profile name {profile.name!r} is longer than 31 bytes")


def _topology(profile: Profile) -> bytes:
    return TOPOLOGY.pack(
        profile.name.encode(),
        FEATURES,
        BANDS,
        profile.fc,
        profile.conv1_kernel,
        profile.conv1,
        profile.conv2_kernel,
        profile.conv2,
        profile.gru,
        profile.gru,
        profile.gru,
        profile.gru_gb,
        profile.gru_rb,
    ).ljust(TOPOLOGY_BYTES, b"\0")


def _stored_blocks(model: QuantizedModel) -> dict[str, int]:
    """Number of blocks of each matrix that is stored sparse."""
    return {
        name: count_blocks(matrix.weights)
        for name, matrix in model.matrices.items()
        if stored_sparse(name, matrix.weights)
    }


def _contents(model: QuantizedModel, sparse: Container[str]) -> Iterator[npt.NDArray[np.generic]]:
    """Arrays in the order of _tensors, not yet padded (weights are packed)."""
    yield model.feature_mean
    yield model.feature_scale_q20
    for name in MATRIX_NAMES:
        matrix = model.matrices[name]
        yield pack_section(matrix.weights) if name in sparse else pack(matrix.weights)
        yield matrix.multiplier
        yield matrix.bias_q12


def write_image(model: QuantizedModel) -> bytes:
    """The image of a model: the same model gives the same bytes."""
    check_profile(model.profile)
    blocks = _stored_blocks(model)
    tensors = list(_tensors(model.profile, blocks))
    offset = padded(TABLE_OFFSET + ENTRY.size * len(tensors), ALIGNMENT)
    table, sections = b"", b""
    start = offset
    for tensor, content in zip(tensors, _contents(model, blocks), strict=True):
        table += ENTRY.pack(
            tensor.kind, tensor.layer, tensor.role, tensor.rows, tensor.columns, offset,
            tensor.bytes, tensor.blocks,
        )  # fmt: skip
        raw = content.astype(DTYPES[tensor.kind]).tobytes().ljust(tensor.bytes, b"\0")
        section = raw.ljust(padded(len(raw), ALIGNMENT), b"\0")
        sections += section
        offset += len(section)
    body = (_topology(model.profile) + table).ljust(start - HEADER.size, b"\0") + sections
    tail = struct.pack("<IIII", HEADER.size, TABLE_OFFSET, len(tensors), 0)
    checked = hashlib.sha256(body).digest() + tail + body
    head = struct.pack("<4sIII", MAGIC, FORMAT_VERSION, offset, zlib.crc32(checked))
    return head + checked


def save_image(model: QuantizedModel, path: Path) -> str:
    """Write the image file, whole or not at all; returns its digest (see digest)."""
    image = write_image(model)
    with whole_file(path) as part:
        part.write_bytes(image)
    return digest(image)


def digest(image: bytes) -> str:
    """SHA-256 of everything after the header as hex: what pn_model_digest returns."""
    return image[CRC_START : CRC_START + 32].hex()


def _check_header(image: bytes, origin: str) -> int:
    """Returns the number of tensors."""
    if image[:4] != MAGIC:
        raise DataError(f"{origin}: not a model image; make one with 'host_tools quantize'")
    if len(image) < TABLE_OFFSET:
        raise DataError(f"{origin}: truncated model image; copy or quantize it again")
    _, version, total, crc, sha256, topology, table, count, flags = HEADER.unpack_from(image)
    if version != FORMAT_VERSION:
        raise DataError(
            f"{origin}: image format {version}, these tools read {FORMAT_VERSION}; quantize again"
        )
    if total != len(image):
        raise DataError(f"{origin}: {len(image)} bytes, its header says {total}; copy it again")
    if zlib.crc32(image[CRC_START:]) != crc:
        raise DataError(f"{origin}: damaged (CRC-32 differs); copy or quantize it again")
    if hashlib.sha256(image[HEADER.size :]).digest() != sha256:
        raise DataError(f"{origin}: damaged (digest differs); copy or quantize it again")
    if (topology, table, flags) != (HEADER.size, TABLE_OFFSET, 0):
        raise DataError(f"{origin}: sections are not where format {FORMAT_VERSION} has them")
    return int(count)


def _read_profile(image: bytes, origin: str) -> Profile:
    name, features, bands, fc, k1, conv1, k2, conv2, g1, g2, g3, gb, rb = TOPOLOGY.unpack_from(
        image, HEADER.size
    )
    if (features, bands) != (FEATURES, BANDS) or not g1 == g2 == g3:
        raise DataError(f"{origin}: a topology that these tools do not know")
    text = name.rstrip(b"\0").decode("utf-8", errors="replace")
    profile = Profile(text, fc, conv1, conv2, g1, gb, rb, k1, k2)
    check_profile(profile)
    return profile


def _read_tensor(
    image: bytes, index: int, tensor: _Tensor, data_start: int, origin: str
) -> npt.NDArray[np.generic]:
    """One tensor through its table line, which has to say what the topology implies."""
    entry = ENTRY.unpack_from(image, TABLE_OFFSET + ENTRY.size * index)
    *facts, offset, size, blocks = entry
    wanted = [tensor.kind, tensor.layer, tensor.role, tensor.rows, tensor.columns]
    inside = offset % ALIGNMENT == 0 and data_start <= offset <= len(image) - tensor.bytes
    if facts != wanted or (size, blocks) != (tensor.bytes, tensor.blocks) or not inside:
        raise DataError(f"{origin}: tensor {index} does not fit the topology")
    kind = np.dtype(DTYPES[tensor.kind])
    return np.frombuffer(image, kind, tensor.bytes // kind.itemsize, offset)


def _read_blocks(image: bytes, profile: Profile, origin: str) -> dict[str, int]:
    """What the table says about sparse matrices; the rest of their lines is checked later."""
    found = {}
    for layer, (name, shape) in enumerate(matrix_shapes(profile).items()):
        entry = ENTRY.unpack_from(image, TABLE_OFFSET + ENTRY.size * (2 + 3 * layer))
        if entry[0] != KIND_INT8_BLOCKS:
            continue
        found[name] = int(entry[-1])
        if not may_be_sparse(name, shape.rows) or found[name] > most_blocks(
            shape.rows, shape.columns
        ):
            raise DataError(f"{origin}: matrix {name} cannot have {found[name]} sparse blocks")
    return found


def _read_weights(
    content: npt.NDArray[np.int8], tensor: _Tensor, name: str, shape: MatrixShape, origin: str
) -> npt.NDArray[np.int8]:
    """[rows, columns] of a stored matrix."""
    if tensor.kind == KIND_INT8_STRIPS:
        return unpack(content, shape.rows, shape.columns)
    try:
        return unpack_section(content, tensor.blocks, shape.rows, shape.columns)
    except ValueError as error:
        raise DataError(f"{origin}: matrix {name}: {error}") from error


def _check_values(name: str, matrix: QuantizedMatrix, origin: str) -> None:
    """Raise DataError for values that no kernel takes."""
    bad_weight = bool(np.any(matrix.weights == -128))
    bad_bias = bool(np.any(np.abs(matrix.bias_q12.astype(np.int64)) > MAX_BIAS_Q12))
    if bad_weight or bad_bias or bool(np.any(matrix.multiplier < 0)):
        raise DataError(f"{origin}: matrix {name} holds values outside its range")


def read_image(image: bytes, origin: str = "model image") -> QuantizedModel:
    """Parse an image; ``origin`` names it in errors. Raises DataError when it is not valid."""
    count = _check_header(image, origin)
    profile = _read_profile(image, origin)
    data_start = TABLE_OFFSET + ENTRY.size * TENSOR_COUNT
    if count != TENSOR_COUNT or len(image) < data_start:
        raise DataError(f"{origin}: tensor table of {count} lines, expected {TENSOR_COUNT}")
    tensors = list(_tensors(profile, _read_blocks(image, profile, origin)))
    arrays = [
        _read_tensor(image, index, tensor, data_start, origin)
        for index, tensor in enumerate(tensors)
    ]
    mean, scale = arrays[0].astype(np.int16), arrays[1].astype(np.int32)
    if bool(np.any(scale < 0)):
        raise DataError(f"{origin}: a feature scale is negative")
    matrices = {}
    for index, (name, shape) in enumerate(matrix_shapes(profile).items()):
        weights, multiplier, bias = arrays[2 + 3 * index : 5 + 3 * index]
        matrices[name] = QuantizedMatrix(
            _read_weights(weights.astype(np.int8), tensors[2 + 3 * index], name, shape, origin),
            multiplier[: shape.rows].astype(np.int32),
            bias[: shape.bias_rows].astype(np.int32),
        )
        _check_values(name, matrices[name], origin)
    return QuantizedModel(profile, mean, scale, matrices)


def load_image(path: Path) -> QuantizedModel:
    """Read an image file. Raises DataError when it is missing or not valid."""
    try:
        return read_image(path.read_bytes(), str(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error

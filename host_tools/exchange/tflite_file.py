# SPDX-License-Identifier: Apache-2.0
"""Reads a TFLite file into tensors and operators; refuses loops and dynamic shapes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.exchange.schema import FILE_IDENTIFIER, operator_name, schema, type_name

ELEMENTS = {
    "FLOAT32": "<f4",
    "FLOAT16": "<f2",
    "INT8": "i1",
    "INT32": "<i4",
    "INT64": "<i8",
}
"""Types of constants that are read; others stay without data."""

LARGEST = 1 << 24
"""Values of a tensor, and any size that a constant asks the runtime for; 20 times our largest."""


@dataclass(frozen=True)
class Tensor:
    """One tensor; ``data`` of a constant in its stored type, else None."""

    name: str
    shape: tuple[int, ...]
    kind: str
    data: npt.NDArray[np.generic] | None
    scales: npt.NDArray[np.float32]
    """Empty, one for all, or one for each index of ``axis``."""
    zero_points: npt.NDArray[np.int64]
    axis: int

    @property
    def columns(self) -> int:
        """Number of elements: every value of a step is one row."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True)
class Operator:
    """One operator; ``activation`` is the one fused into it, NONE if none."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: str


@dataclass(frozen=True)
class TfliteFile:
    """The only subgraph of a file; inputs and outputs are indices of tensors."""

    path: Path
    tensors: list[Tensor]
    operators: list[Operator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    metadata: dict[str, bytes]


def read_tflite(path: Path) -> TfliteFile:
    """Read a file. Raises DataError when it is none, is damaged, or has dynamic shapes."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return parse_tflite(content, path)


def parse_tflite(content: bytes, path: Path) -> TfliteFile:
    """As read_tflite; *path* names the file in errors."""
    if content[4:8] != FILE_IDENTIFIER:
        raise DataError(f"{path}: not a TFLite file (bytes 4 to 7 are not 'TFL3')")
    model_type = schema().ModelT
    try:
        model = model_type.InitFromPackedBuf(bytearray(content), 0)
        return _convert(path, model)
    except (
        struct.error,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        raise DataError(f"{path}: truncated or damaged TFLite file; copy it again") from error


def _convert(path: Path, model: Any) -> TfliteFile:
    subgraphs = model.subgraphs
    if len(subgraphs) != 1:
        raise DataError(
            f"{path}: {len(subgraphs)} subgraphs, expected 1: loops cannot be read; convert the "
            "GRUs with one time step and unroll=True"
        )
    graph = subgraphs[0]
    tensors = [_tensor(path, model, tensor) for tensor in graph.tensors]
    codes = [_code(code) for code in model.operatorCodes]
    operators = [_operator(codes, operator) for operator in graph.operators]
    _check_order(path, graph, tensors, operators)
    for index in graph.inputs:
        _check_fixed(path, graph.tensors[index], tensors[index])
    metadata = {
        _text(entry.name): bytes(model.buffers[entry.buffer].data) for entry in model.metadata or []
    }
    inputs = tuple(int(index) for index in graph.inputs)
    return TfliteFile(
        path, tensors, operators, inputs, tuple(int(i) for i in graph.outputs), metadata
    )


def _check_order(path: Path, graph: Any, tensors: list[Tensor], operators: list[Operator]) -> None:
    """Each operator reads what is there already and makes something new."""
    there = {-1, *graph.inputs, *(i for i, t in enumerate(tensors) if t.data is not None)}
    for operator in operators:
        for index in operator.inputs:
            if index not in there:
                tensor = tensors[index]
                raise DataError(
                    f"{path}: tensor {tensor.name!r} ({tensor.kind}) has no value that can be "
                    "read: no input, no constant, made by no operator before (states have to be "
                    "inputs and outputs)"
                )
        if not operator.outputs or there & set(operator.outputs):
            raise ValueError("an operator makes nothing, or what is there already")
        there |= set(operator.outputs)
    if not set(graph.outputs) <= there or max(there) >= len(tensors):
        raise ValueError("an output is made by no operator")


def _text(name: bytes | str | None) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name or "(unnamed)"


def _code(code: Any) -> str:
    # Files of before 2020 have the deprecated field only.
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    name = operator_name(number)
    return f"custom operator {_text(code.customCode)}" if name == "CUSTOM" else name


def _operator(codes: list[str], operator: Any) -> Operator:
    fused = getattr(operator.builtinOptions, "fusedActivationFunction", 0)
    names = {v: n for n, v in vars(schema().ActivationFunctionType).items()}
    return Operator(
        codes[operator.opcodeIndex],
        tuple(int(index) for index in operator.inputs),
        tuple(int(index) for index in operator.outputs),
        names.get(fused, f"activation {fused}"),
    )


def _tensor(path: Path, model: Any, tensor: Any) -> Tensor:
    name = _text(tensor.name)
    shape = () if tensor.shape is None else tuple(int(size) for size in tensor.shape)
    kind = type_name(tensor.type)
    if np.prod(shape, dtype=np.float64) > LARGEST:
        raise DataError(f"{path}: tensor {name!r} has the shape {list(shape)}, too large for this")
    raw = model.buffers[tensor.buffer].data if tensor.buffer else None
    data = None
    if raw is not None and len(raw) and kind in ELEMENTS:
        data = np.frombuffer(bytes(raw), ELEMENTS[kind])
        if data.size != np.prod(shape, dtype=np.int64):
            raise DataError(
                f"{path}: tensor {name!r} holds {data.size} values, its shape {list(shape)} says "
                f"{int(np.prod(shape, dtype=np.int64))}; copy the file again"
            )
        data = data.reshape(shape)
    quantization = tensor.quantization
    scales = getattr(quantization, "scale", None)
    if data is not None and kind == "INT32" and scales is None and np.any(np.abs(data) > LARGEST):
        raise DataError(f"{path}: constant {name!r} holds a size above {LARGEST}")
    zeros = getattr(quantization, "zeroPoint", None)
    return Tensor(
        name,
        shape,
        kind,
        data,
        np.array([] if scales is None else scales, np.float32),
        np.array([] if zeros is None else zeros, np.int64),
        int(getattr(quantization, "quantizedDimension", 0) or 0),
    )


def _check_fixed(path: Path, stored: Any, tensor: Tensor) -> None:
    """An input has to be float32 of a fixed size."""
    signature = stored.shapeSignature
    shape = tensor.shape if signature is None else tuple(int(size) for size in signature)
    if any(size < 1 for size in shape):
        raise DataError(
            f"{path}: input {tensor.name!r} has the dynamic shape {list(shape)}; expected a fixed "
            "one, convert it for a batch of 1 and one time step"
        )
    if tensor.kind != "FLOAT32":
        raise DataError(f"{path}: input {tensor.name!r} is {tensor.kind}, expected FLOAT32")

# SPDX-License-Identifier: Apache-2.0
"""Writes a TFLite file operator by operator, without TensorFlow or its converter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.exchange.schema import FILE_IDENTIFIER, flatbuffer_builder, schema

Scales = npt.NDArray[np.float32]

FORMAT_VERSION = 3
OPERATOR_VERSIONS = {"FULLY_CONNECTED": 5, "QUANTIZE": 2, "DEQUANTIZE": 5, "CONCATENATION": 2}
"""Oldest version of an operator that has what is used here; all others: 1."""


@dataclass(frozen=True)
class Value:
    """A tensor of the graph: its index and number of columns."""

    index: int
    columns: int


class Graph:
    """One subgraph that grows by one operator a call; every value is [1, columns]."""

    def __init__(self) -> None:
        self._schema = schema()
        self._buffers: list[Any] = [self._schema.BufferT()]
        self._buffers[0].data = None
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: dict[str, int] = {}
        self._inputs: dict[str, Value] = {}

    def input(self, name: str, columns: int) -> Value:
        """A float32 input of the graph."""
        self._inputs[name] = self._tensor(name, (1, columns), "FLOAT32")
        return self._inputs[name]

    def constant(
        self, name: str, data: npt.NDArray[np.generic], scales: Scales | None = None
    ) -> Value:
        """float32, or int8 with one scale a row (or one for all)."""
        kinds = {np.dtype(np.float32): "FLOAT32", np.dtype(np.int8): "INT8"}
        kinds[np.dtype(np.int32)] = "INT32"
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        self._buffers.append(buffer)
        value = self._tensor(name, data.shape, kinds[data.dtype], scales)
        self._tensors[value.index].buffer = len(self._buffers) - 1
        return value

    def fully_connected(
        self, name: str, x: Value, weight: Value, bias: Value | None, scale: float | None = None
    ) -> Value:
        """x @ weight.T + bias; with *scale* the result is int8 in steps of it."""
        options = self._schema.FullyConnectedOptionsT()
        inputs = [x.index, weight.index, -1 if bias is None else bias.index]
        rows = int(self._tensors[weight.index].shape[0])
        result = self._result(name, rows, scale)
        return self._operator("FULLY_CONNECTED", inputs, result, options)

    def concatenate(self, name: str, parts: Sequence[Value]) -> Value:
        """Columns one after another."""
        if len(parts) == 1:
            return parts[0]
        options = self._schema.ConcatenationOptionsT()
        options.axis = 1
        result = self._result(name, sum(part.columns for part in parts))
        return self._operator("CONCATENATION", [p.index for p in parts], result, options)

    def slice(self, name: str, x: Value, start: int, columns: int) -> Value:
        """Some columns of x."""
        begin = self.constant(f"{name}.begin", np.array([0, start], np.int32))
        size = self.constant(f"{name}.size", np.array([1, columns], np.int32))
        options = self._schema.SliceOptionsT()
        inputs = [x.index, begin.index, size.index]
        return self._operator("SLICE", inputs, self._result(name, columns), options)

    def binary(self, operator: str, name: str, a: Value, b: Value) -> Value:
        """ADD, SUB, MUL, DIV, MINIMUM or MAXIMUM of a and b (which may be a constant)."""
        options_name = {"MINIMUM": "MaximumMinimum", "MAXIMUM": "MaximumMinimum"}.get(
            operator, operator.title()
        )
        options = getattr(self._schema, f"{options_name}OptionsT")()
        return self._operator(operator, [a.index, b.index], self._result(name, a.columns), options)

    def unary(self, operator: str, name: str, x: Value) -> Value:
        """TANH or LOGISTIC of x."""
        return self._operator(operator, [x.index], self._result(name, x.columns))

    def quantize(self, name: str, x: Value, scale: float) -> Value:
        """x in int8 steps of *scale*."""
        options = self._schema.QuantizeOptionsT()
        return self._operator("QUANTIZE", [x.index], self._result(name, x.columns, scale), options)

    def dequantize(self, name: str, x: Value) -> Value:
        """x as float32."""
        shape = tuple(int(size) for size in self._tensors[x.index].shape)
        result = self._tensor(name, shape, "FLOAT32")
        return self._operator("DEQUANTIZE", [x.index], result, self._schema.DequantizeOptionsT())

    def to_file(
        self,
        signature: str,
        outputs: Mapping[str, Value],
        description: str,
        metadata: Mapping[str, bytes],
    ) -> bytes:
        """The whole file; *outputs* by name, each a value of its own."""
        for name, value in outputs.items():
            self._tensors[value.index].name = name
        s = self._schema
        model, subgraph, definition = s.ModelT(), s.SubGraphT(), s.SignatureDefT()
        subgraph.name = signature
        subgraph.tensors, subgraph.operators = self._tensors, self._operators
        subgraph.inputs = [value.index for value in self._inputs.values()]
        subgraph.outputs = [value.index for value in outputs.values()]
        definition.signatureKey, definition.subgraphIndex = signature, 0
        definition.inputs = self._signature(self._inputs)
        definition.outputs = self._signature(outputs)
        model.version, model.description = FORMAT_VERSION, description
        model.subgraphs, model.signatureDefs = [subgraph], [definition]
        model.operatorCodes = [self._code(name) for name in self._codes]
        model.metadata = [self._metadata(name, content) for name, content in metadata.items()]
        model.buffers = self._buffers
        builder = flatbuffer_builder()
        builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
        return bytes(builder.Output())

    def _tensor(
        self, name: str, shape: tuple[int, ...], kind: str, scales: Scales | None = None
    ) -> Value:
        tensor = self._schema.TensorT()
        tensor.name, tensor.buffer, tensor.hasRank = name, 0, True
        tensor.shape = list(shape)
        tensor.type = getattr(self._schema.TensorType, kind)
        tensor.quantization = self._schema.QuantizationParametersT()
        if scales is not None:
            tensor.quantization.scale = scales.astype(np.float32)
            tensor.quantization.zeroPoint = np.zeros(len(scales), np.int64)
        self._tensors.append(tensor)
        return Value(len(self._tensors) - 1, shape[-1])

    def _result(self, name: str, columns: int, scale: float | None = None) -> Value:
        if scale is None:
            return self._tensor(name, (1, columns), "FLOAT32")
        return self._tensor(name, (1, columns), "INT8", np.array([scale], np.float32))

    def _operator(
        self, name: str, inputs: list[int], result: Value, options: Any | None = None
    ) -> Value:
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._codes.setdefault(name, len(self._codes))
        operator.inputs, operator.outputs = inputs, [result.index]
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, kind)
            operator.builtinOptions = options
        self._operators.append(operator)
        return result

    def _code(self, name: str) -> Any:
        code = self._schema.OperatorCodeT()
        code.builtinCode = getattr(self._schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = OPERATOR_VERSIONS.get(name, 1)
        return code

    def _signature(self, values: Mapping[str, Value]) -> list[Any]:
        entries = []
        for name, value in values.items():
            entry = self._schema.TensorMapT()
            entry.name, entry.tensorIndex = name, value.index
            entries.append(entry)
        return entries

    def _metadata(self, name: str, content: bytes) -> Any:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(content, np.uint8)
        self._buffers.append(buffer)
        entry = self._schema.MetadataT()
        entry.name, entry.buffer = name, len(self._buffers) - 1
        return entry

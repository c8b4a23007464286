# SPDX-License-Identifier: Apache-2.0
"""Which matrix of a TFLite graph reads what: every matrix product with its nearest sources."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.exchange.layers import Layer, make_levels
from host_tools.exchange.tflite_file import Operator, Tensor, TfliteFile

PRODUCTS = ("FULLY_CONNECTED", "CONV_2D")
VIEWS = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "QUANTIZE", "DEQUANTIZE")
OTHERS = (
    "SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "CONCATENATION", "PACK", "UNPACK", "ADD", "SUB",
    "MUL", "DIV", "NEG", "MINIMUM", "MAXIMUM", "TANH", "LOGISTIC", "RELU", "RELU6",
)  # fmt: skip

Source = tuple[str, int]
"""("product", its number) or ("input", its tensor)."""
Sources = frozenset[Source]
Numbers = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Product:
    """One matrix product; ``sources`` is what it reads, ``result`` the tensor after its bias."""

    number: int
    operator: Operator
    layer: Layer
    sources: Sources
    result: int
    next_operators: tuple[str, ...]
    """What reads the result."""


class Dataflow:
    """The graph of a file. DataError names operators and tensors that cannot be understood."""

    def __init__(self, file: TfliteFile) -> None:
        self.file = file
        self.sources: dict[int, Sources] = {t: frozenset({("input", t)}) for t in file.inputs}
        self.products: list[Product] = []
        self._made_by = {t: op for op in file.operators for t in op.outputs}
        self._readers: dict[int, list[Operator]] = defaultdict(list)
        for operator in file.operators:
            for index in operator.inputs:
                self._readers[index].append(operator)
        self._check_operators()
        for operator in file.operators:
            self._visit(operator)

    def tensor(self, index: int) -> Tensor:
        """The tensor of an index."""
        return self.file.tensors[index]

    def constant(self, index: int) -> Tensor | None:
        """The constant behind a tensor, looking through DEQUANTIZE and RESHAPE; None if none."""
        tensor = self.tensor(index)
        maker = self._made_by.get(index)
        if tensor.data is not None or maker is None or maker.name not in VIEWS:
            return tensor if tensor.data is not None else None
        return self.constant(maker.inputs[0])

    def readers(self, index: int) -> list[Operator]:
        """Operators that read a tensor, looking through RESHAPE, QUANTIZE and the like."""
        found = []
        for operator in self._readers[index]:
            found += self.readers(operator.outputs[0]) if operator.name in VIEWS else [operator]
        return found

    def maker(self, index: int) -> Operator | None:
        """The operator that makes a tensor, looking through RESHAPE, QUANTIZE and the like."""
        operator = self._made_by.get(index)
        while operator is not None and operator.name in VIEWS:
            operator = self._made_by.get(operator.inputs[0])
        return operator

    def _check_operators(self) -> None:
        known = (*PRODUCTS, *VIEWS, *OTHERS)
        for operator in self.file.operators:
            if operator.name not in known:
                hint = "; convert the GRUs with one time step and unroll=True"
                raise DataError(
                    f"{self.file.path}: unsupported operator {operator.name}, it makes "
                    f"{self.tensor(operator.outputs[0]).name!r}"
                    + (hint if operator.name in ("WHILE", "CALL_ONCE", "VAR_HANDLE") else "")
                )

    def _visit(self, operator: Operator) -> None:
        """Operators come in the order in which they run."""
        read: set[Source] = set()
        for index in operator.inputs:
            if index < 0 or self.constant(index) is not None:
                continue
            read |= self.sources[index]
        made: Sources = frozenset(read)
        if operator.name in PRODUCTS:
            number = len(self.products)
            self.products.append(self._product(number, operator, frozenset(read)))
            made = frozenset({("product", number)})
        for index in operator.outputs:
            self.sources[index] = made

    def _product(self, number: int, operator: Operator, sources: Sources) -> Product:
        path = self.file.path
        weight = self.constant(operator.inputs[1]) if len(operator.inputs) > 1 else None
        name = self.tensor(operator.inputs[-1]).name if weight is None else weight.name
        if weight is None or weight.data is None or weight.data.ndim < 2 or not weight.data.size:
            raise DataError(f"{path}: weights {name!r} are not a constant matrix")
        if self.tensor(operator.inputs[0]).kind == "INT16":
            raise DataError(
                f"{path}: {name!r} is multiplied by INT16 activations (int16x8), expected INT8 or "
                "FLOAT32; convert it without int16x8"
            )
        matrix = weight.data.reshape(weight.data.shape[0], -1)
        bias = np.zeros(len(matrix), np.float64)
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            bias = self._bias(name, self.tensor(operator.inputs[2]), len(matrix))
        layer, result = self._follow(operator.outputs[0], weight, matrix, bias)
        after = tuple(reader.name for reader in self.readers(result))
        return Product(number, operator, layer, sources, result, after)

    def _bias(self, name: str, tensor: Tensor, rows: int) -> npt.NDArray[np.float64]:
        if tensor.data is None:
            raise DataError(f"{self.file.path}: the bias of {name!r} is not a constant")
        if tensor.data.size != rows or tensor.scales.size not in (0, 1, rows):
            raise DataError(
                f"{self.file.path}: the bias of {name!r} has {tensor.data.size} values and "
                f"{tensor.scales.size} scales, expected {rows} values"
            )
        values: npt.NDArray[np.float64] = tensor.data.astype(np.float64).reshape(-1)
        return values * tensor.scales if tensor.scales.size else values

    def _follow(
        self, index: int, weight: Tensor, matrix: Numbers, bias: npt.NDArray[np.float64]
    ) -> tuple[Layer, int]:
        """The layer with scales and biases that follow as operators, and where it ends."""
        factor = np.ones(len(matrix), np.float64)
        while len(readers := self._readers[index]) == 1:
            reader = readers[0]
            given = [self.constant(i) for i in reader.inputs if i != index]
            data = given[0].data if given and given[0] is not None else None
            if reader.name in ("MUL", "ADD") and data is not None and data.size == len(matrix):
                values = data.astype(np.float64).reshape(-1)
                if reader.name == "MUL":
                    factor, bias = factor * values, bias * values
                else:
                    bias = bias + values
            elif reader.name not in VIEWS:
                break
            index = reader.outputs[0]
        return self._layer(weight, matrix, factor, bias), index

    def _layer(
        self,
        tensor: Tensor,
        matrix: Numbers,
        factor: npt.NDArray[np.float64],
        bias: npt.NDArray[np.float64],
    ) -> Layer:
        small = bias.astype(np.float32)
        if tensor.kind != "INT8":
            values = (matrix.astype(np.float64) * factor[:, None]).astype(np.float32)
            return Layer(values, small, tensor.name)
        if tensor.scales.size not in (1, len(matrix)) or tensor.axis != 0:
            raise DataError(
                f"{self.file.path}: {tensor.name!r} has {tensor.scales.size} scales along axis "
                f"{tensor.axis}, expected 1 or {len(matrix)} along axis 0"
            )
        if tensor.zero_points.any():
            raise DataError(f"{self.file.path}: {tensor.name!r} has a zero point, expected 0")
        levels = make_levels(matrix.astype(np.int8), factor * tensor.scales)
        values = (levels.weights * levels.scales[:, None]).astype(np.float32)
        return Layer(values, small, tensor.name, levels)

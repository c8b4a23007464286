# SPDX-License-Identifier: Apache-2.0
"""How an exported file computes x @ weight.T + bias, one class a precision.

int8 weights are those of the model image: weight / scale, with scale = max|weight| / 127 of a row.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from host_tools.exchange.graph import Graph, Value
from host_tools.quantize.weights import quantize_rows

FloatArray = npt.NDArray[np.float32]

ACTIVATION_SCALE = 1.0 / 127.0
"""What matrices read lies in [-1, 1] and is int8 in these steps, as on the device."""
PRODUCT_SCALE = 8.0 / 127.0


class Matrices(Protocol):
    """Computes pre-activations, float32, of the matrix called *name*."""

    def __call__(
        self, graph: Graph, name: str, x: Value, weight: FloatArray, bias: FloatArray
    ) -> Value: ...


class Float32:
    """Weights as they are."""

    def __call__(
        self, graph: Graph, name: str, x: Value, weight: FloatArray, bias: FloatArray
    ) -> Value:
        w = graph.constant(f"{name}.weight", weight)
        b = graph.constant(f"{name}.bias", bias)
        return graph.fully_connected(f"{name}.sum", x, w, b)


class DynamicInt8:
    """int8 weights; the runtime rounds what a matrix reads to int8 in steps that it chooses.

    Weights are whole numbers with one scale (1) and each row is scaled afterwards, because
    tflite-runtime 2.14 computes such products wrongly when each row has a scale of its own.
    """

    def __call__(
        self, graph: Graph, name: str, x: Value, weight: FloatArray, bias: FloatArray
    ) -> Value:
        levels, scales = quantize_rows(weight)
        w = graph.constant(f"{name}.weight", levels, np.ones(1, np.float32))
        sums = graph.fully_connected(f"{name}.levels", x, self._weight(graph, name, w), None)
        s = graph.constant(f"{name}.scale", scales.astype(np.float32))
        scaled = graph.binary("MUL", f"{name}.product", sums, s)
        b = graph.constant(f"{name}.bias", bias)
        return graph.binary("ADD", f"{name}.sum", scaled, b)

    def _weight(self, graph: Graph, name: str, weight: Value) -> Value:
        return weight


class WeightOnlyInt8(DynamicInt8):
    """int8 weights, products in float32."""

    def _weight(self, graph: Graph, name: str, weight: Value) -> Value:
        return graph.dequantize(f"{name}.weight_float", weight)


class Int8:
    """int8 weights with one scale a row, int8 inputs in steps of 1/127, int8 products within +-8.

    Beyond +-8 tanh and sigmoid hardly change. Normalised features reach +-8 too and are read with
    16 bits on the device: ``fc`` reads them as float32.
    """

    def __call__(
        self, graph: Graph, name: str, x: Value, weight: FloatArray, bias: FloatArray
    ) -> Value:
        if name == "fc":
            return WeightOnlyInt8()(graph, name, x, weight, bias)
        levels, scales = quantize_rows(weight)
        scales[scales == 0] = 1.0  # a row of zeros; XNNPACK takes no scale of 0
        w = graph.constant(f"{name}.weight", levels, scales.astype(np.float32))
        x8 = graph.quantize(f"{name}.input_int8", x, ACTIVATION_SCALE)
        product = graph.fully_connected(f"{name}.product_int8", x8, w, None, PRODUCT_SCALE)
        product = graph.dequantize(f"{name}.product", product)
        return graph.binary("ADD", f"{name}.sum", product, graph.constant(f"{name}.bias", bias))

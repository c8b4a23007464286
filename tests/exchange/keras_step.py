# SPDX-License-Identifier: Apache-2.0
"""A streaming step as TensorFlow's converter writes a Keras model of this topology: convolutions as
CONV_2D, gates by SPLIT, h = z h + (1 - z) n, names of its own and no feature normalisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.exchange.graph import Graph, Value
from host_tools.network.checkpoint import Checkpoint
from host_tools.quantize.weights import quantize_rows

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class KerasOptions:
    """What differs between converted files."""

    weights: str = "float32"
    """float32, float16, int8 (a scale a row) or int8-tensor (one scale)."""
    reset_after: bool = True
    gates: str = "zrh"
    fc_activation: str = "TANH"
    without_output: str = ""
    """Name of a state whose next value is not given out."""


class KerasGraph(Graph):
    """The operators that our own files do not have."""

    def split(self, name: str, x: Value, parts: int) -> list[Value]:
        """Equal parts of the columns."""
        options = self._schema.SplitOptionsT()
        options.numSplits = parts
        axis = self.constant(f"{name}/split_dim", np.ones(1, np.int32))
        results = [self._result(f"{name}:{part}", x.columns // parts) for part in range(parts)]
        self._operator("SPLIT", [axis.index, x.index], results[0], options)
        self._operators[-1].outputs = [result.index for result in results]
        return results

    def reshape(self, name: str, x: Value, shape: tuple[int, ...]) -> Value:
        """The same numbers in another shape."""
        options = self._schema.ReshapeOptionsT()
        options.newShape = list(shape)
        wanted = self.constant(f"{name}/shape", np.array(shape, np.int32))
        result = self._tensor(name, shape, "FLOAT32")
        return self._operator("RESHAPE", [x.index, wanted.index], result, options)

    def convolution(self, name: str, x: Value, weight: Value, bias: Value, units: int) -> Value:
        """One output position."""
        options = self._schema.Conv2DOptionsT()
        options.padding = self._schema.Padding.VALID
        options.strideH = options.strideW = 1
        result = self._tensor(name, (1, 1, 1, units), "FLOAT32")
        return self._operator("CONV_2D", [x.index, weight.index, bias.index], result, options)

    def half(self, name: str, data: FloatArray) -> Value:
        """A float16 constant, made float32 by an operator."""
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(data.astype(np.float16).tobytes(), np.uint8)
        self._buffers.append(buffer)
        value = self._tensor(f"{name}/float16", data.shape, "FLOAT16")
        self._tensors[value.index].buffer = len(self._buffers) - 1
        return self.dequantize(name, value)


class KerasStep:
    """Builds the file of a checkpoint's weights; features come normalised."""

    def __init__(self, checkpoint: Checkpoint, options: KerasOptions) -> None:
        self._graph = KerasGraph()
        self._tensors = checkpoint.tensors
        self._options = options
        self._profile = checkpoint.profile
        self._outputs: dict[str, Value] = {}
        graph = self._graph
        x = graph.input("serving_default_x:0", 70)
        fc = graph.unary(options.fc_activation, "model/fc/act", self._dense("fc", x))
        conv1 = self._convolution("conv1", fc, self._profile.conv1_kernel)
        conv2 = self._convolution("conv2", conv1, self._profile.conv2_kernel)
        gru1 = self._gru("gru1", [conv2])
        gru2 = self._gru("gru2", [gru1])
        gru3 = self._gru("gru3", [gru2])
        gain_gru = self._gru("gru_gb", [gru3])
        strength_gru = self._gru("gru_rb", [gru3, conv2])
        joined = graph.concatenate("model/concat", [conv2, gru1, gru2, gru3, gain_gru])
        for name, rows in (("gains", slice(0, 34)), ("vad", slice(34, 35))):
            logits = self._dense("fc_gb", joined, rows)
            self._outputs[name] = graph.unary("LOGISTIC", name, logits)
        logits = self._dense("fc_rb", strength_gru)
        self._outputs["strengths"] = graph.unary("LOGISTIC", "strengths", logits)

    def file(self) -> bytes:
        """The whole file."""
        kept = {n: v for n, v in self._outputs.items() if n != self._options.without_output}
        return self._graph.to_file("serving_default", kept, "MLIR Converted.", {})

    def _weight(self, name: str, weight: FloatArray, shape: tuple[int, ...]) -> Value:
        kind = self._options.weights
        if kind == "float16":
            return self._graph.half(name, weight.reshape(shape))
        if kind == "float32":
            return self._graph.constant(name, weight.reshape(shape))
        levels, scales = quantize_rows(weight)
        if kind == "int8-tensor":
            scales = np.abs(weight).max(keepdims=True)[0] / 127.0
            levels = np.rint(weight / scales).astype(np.int8)
        return self._graph.constant(name, levels.reshape(shape), scales.astype(np.float32))

    def _dense(self, name: str, x: Value, rows: slice = slice(None)) -> Value:
        weight = self._tensors[f"{name}.weight"][rows]
        bias = self._graph.constant(f"model/{name}/BiasAdd", self._tensors[f"{name}.bias"][rows])
        w = self._weight(f"model/{name}/MatMul", weight, weight.shape)
        return self._graph.fully_connected(f"model/{name}/out", x, w, bias)

    def _convolution(self, name: str, x: Value, kernel: int) -> Value:
        graph, frames = self._graph, x
        if kernel > 1:
            history = graph.input(f"serving_default_{name}_h:0", (kernel - 1) * x.columns)
            frames = graph.concatenate(f"model/{name}/frames", [history, x])
            kept = graph.slice(f"model/{name}/kept", frames, x.columns, history.columns)
            self._outputs[f"{name}_history"] = kept
        weight = self._tensors[f"{name}.weight"]
        units = len(weight)
        bias = graph.constant(f"model/{name}/bias", self._tensors[f"{name}.bias"])
        w = self._weight(f"model/{name}/Conv1D", weight, (units, 1, kernel, x.columns))
        image = graph.reshape(f"model/{name}/expand", frames, (1, 1, kernel, x.columns))
        y = graph.convolution(f"model/{name}/Conv1D/out", image, w, bias, units)
        return graph.unary(
            "TANH", f"model/{name}/Tanh", graph.reshape(f"{name}/squeeze", y, (1, units))
        )

    def _gru(self, name: str, parts: Sequence[Value]) -> Value:
        graph = self._graph
        x = graph.concatenate(f"model/{name}/x", parts)
        h = graph.input(f"serving_default_{name}_h:0", self._profile.recurrent_sizes[name][1])
        a = graph.split(f"model/{name}/split", self._side(name, "input", x), 3)
        u_z, u_r, n = self._recurrent(name, h, a)
        first, second = (
            graph.unary("LOGISTIC", f"model/{name}/gate{i}", graph.binary("ADD", f"{i}", p, q))
            for i, (p, q) in enumerate(((a[0], u_z), (a[1], u_r)))
        )
        z, r = (first, second) if self._options.gates == "zrh" else (second, first)
        if self._options.reset_after:
            reset = graph.binary("MUL", f"model/{name}/mul", r, n)
        else:
            gated = graph.binary("MUL", f"model/{name}/mul", r, h)
            reset = self._side(name, "recurrent", gated, slice(2 * h.columns, None))
        summed = graph.binary("ADD", f"model/{name}/add", a[2], reset)
        n = graph.unary("TANH", f"model/{name}/Tanh", summed)
        one = graph.constant(f"model/{name}/sub/x", np.ones((1, h.columns), np.float32))
        old = graph.binary("MUL", f"model/{name}/old", z, h)
        rest = graph.binary("SUB", f"model/{name}/sub", one, z)
        new = graph.binary("MUL", f"model/{name}/new", n, rest)
        self._outputs[f"{name}_state"] = graph.binary("ADD", f"model/{name}/h", old, new)
        return self._outputs[f"{name}_state"]

    def _recurrent(self, name: str, h: Value, a: list[Value]) -> list[Value]:
        """Recurrent parts of z, r and, with reset_after, n."""
        graph = self._graph
        if self._options.reset_after:
            return graph.split(f"model/{name}/split_1", self._side(name, "recurrent", h), 3)
        both = self._side(name, "recurrent", h, slice(0, 2 * h.columns))
        return [*graph.split(f"model/{name}/split_1", both, 2), a[2]]

    def _side(self, name: str, side: str, x: Value, rows: slice = slice(None)) -> Value:
        weight = self._tensors[f"{name}.{side}_weight"][rows]
        bias = self._graph.constant(f"{name}/{side}/b", self._tensors[f"{name}.{side}_bias"][rows])
        w = self._weight(f"model/{name}/{side}/MatMul", weight, weight.shape)
        return self._graph.fully_connected(f"model/{name}/{side}", x, w, bias)

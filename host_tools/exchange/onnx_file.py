# SPDX-License-Identifier: Apache-2.0
"""Our float32 TFLite file as ONNX, operator by operator, with the same names."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from host_tools.errors import MissingDependency
from host_tools.exchange.tflite_file import Operator, TfliteFile

OPSET = 13
IR_VERSION = 8  # what runtimes of 2021 and later read
PLAIN = {
    "TANH": "Tanh",
    "LOGISTIC": "Sigmoid",
    "ADD": "Add",
    "SUB": "Sub",
    "MUL": "Mul",
    "DIV": "Div",
    "MINIMUM": "Min",
    "MAXIMUM": "Max",
}


def to_onnx(file: TfliteFile) -> bytes:
    """The file with metadata and names kept. MissingDependency when onnx is not installed."""
    try:
        onnx: Any = importlib.import_module("onnx")
    except ImportError as error:
        raise MissingDependency(
            f"ONNX files need the package onnx ({error}): pip install -e '.[onnx]'"
        ) from error
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    constants = [
        onnx.numpy_helper.from_array(tensor.data, tensor.name)
        for tensor in file.tensors
        if tensor.data is not None and tensor.kind == "FLOAT32"
    ]
    sides = [
        [
            helper.make_tensor_value_info(file.tensors[i].name, kind, file.tensors[i].shape)
            for i in s
        ]
        for s in (file.inputs, file.outputs)
    ]
    nodes: list[Any] = []
    for operator in file.operators:
        names = [file.tensors[index].name for index in operator.inputs if index >= 0]
        result = [file.tensors[operator.outputs[0]].name]
        if operator.name == "SLICE":
            constants += [onnx.numpy_helper.from_array(*part) for part in _slice(file, operator)]
            names = [names[0], *(name for _, name in _slice(file, operator))]
        nodes.append(_node(helper, operator.name, names, result))
    graph = helper.make_graph(nodes, "step", *sides, constants)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    helper.set_model_props(model, {name: text.decode() for name, text in file.metadata.items()})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _node(helper: Any, name: str, inputs: list[str], outputs: list[str]) -> Any:
    if name == "FULLY_CONNECTED":
        return helper.make_node("Gemm", inputs, outputs, transB=1)
    if name == "CONCATENATION":
        return helper.make_node("Concat", inputs, outputs, axis=1)
    return helper.make_node("Slice" if name == "SLICE" else PLAIN[name], inputs, outputs)


def _slice(file: TfliteFile, operator: Operator) -> list[tuple[np.ndarray, str]]:
    """First and last column of a slice, with names for them."""
    begin, size = (file.tensors[index] for index in operator.inputs[1:])
    assert begin.data is not None and size.data is not None  # our own file
    start, columns = int(begin.data[1]), int(size.data[1])
    return [
        (np.array([start], np.int64), begin.name),
        (np.array([start + columns], np.int64), size.name),
        (np.array([1], np.int64), f"{size.name}.axis"),
    ]

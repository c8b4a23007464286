# SPDX-License-Identifier: Apache-2.0
"""Files that are no streaming step of this network end in one line that says why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.exchange.export_network import export_network
from host_tools.exchange.graph import Graph, Value
from host_tools.exchange.import_network import import_network
from host_tools.exchange.schema import flatbuffer_builder, schema
from tests.exchange.keras_step import KerasGraph

pytestmark = pytest.mark.usefixtures("litert")


def rewrite(path: Path, model: Any) -> None:
    builder = flatbuffer_builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())


def parsed(path: Path) -> Any:
    return schema().ModelT.InitFromPackedBuf(bytearray(path.read_bytes()), 0)


def refusal(path: Path) -> str:
    """The message of an import that fails and writes nothing."""
    folder = path.parent / "got"
    with pytest.raises(DataError) as caught:
        import_network(path, folder)
    assert not folder.exists()
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def write_graph(path: Path, graph: Graph, outputs: dict[str, Value]) -> Path:
    path.write_bytes(graph.to_file("serving_default", outputs, "", {}))
    return path


def test_something_else_is_not_a_tflite_file(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"PNM1" + bytes(100))
    assert "not a TFLite file" in refusal(tmp_path / "m.tflite")
    (tmp_path / "m.tflite").write_bytes(b"")
    assert "not a TFLite file" in refusal(tmp_path / "m.tflite")


@pytest.mark.parametrize("part", [0.001, 0.01, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(exported: Path, part: float) -> None:
    content = exported.read_bytes()
    exported.write_bytes(content[: int(len(content) * part)])
    assert "truncated or damaged" in refusal(exported)


def test_another_network_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    x = graph.input("image", 784)
    weight = graph.constant("dense/kernel", np.ones((10, 784), np.float32))
    y = graph.unary("LOGISTIC", "y", graph.fully_connected("dense", x, weight, None))
    path = write_graph(tmp_path / "digits.tflite", graph, {"y": y})
    assert "fc: 0 matrices read an input of 70 features, expected 1" in refusal(path)


def test_a_network_that_begins_alike_is_refused_at_the_layer_that_is_missing(
    tmp_path: Path,
) -> None:
    graph = Graph()
    weight = graph.constant("fc/kernel", np.ones((16, 70), np.float32))
    fc = graph.fully_connected("fc", graph.input("x", 70), weight, None)
    path = write_graph(tmp_path / "m.tflite", graph, {"y": graph.unary("TANH", "y", fc)})
    assert "conv1: 0 matrices read fc" in refusal(path)


def test_a_dynamic_shape_is_named_with_its_input(exported: Path) -> None:
    model = parsed(exported)
    model.subgraphs[0].tensors[0].shapeSignature = [-1, 70]
    rewrite(exported, model)
    message = refusal(exported)
    assert "input 'features' has the dynamic shape [-1, 70]; expected a fixed one" in message


def test_an_unsupported_operator_is_named_with_its_tensor(tmp_path: Path) -> None:
    graph = KerasGraph()
    y = graph.unary("SIN", "wave", graph.input("x", 70))
    path = write_graph(tmp_path / "m.tflite", graph, {"y": y})
    assert "unsupported operator SIN, it makes 'y'" in refusal(path)


def test_a_custom_operator_is_named(exported: Path) -> None:
    model = parsed(exported)
    model.operatorCodes[0].builtinCode = schema().BuiltinOperator.CUSTOM
    model.operatorCodes[0].deprecatedBuiltinCode = schema().BuiltinOperator.CUSTOM
    model.operatorCodes[0].customCode = "FlexGRU"
    rewrite(exported, model)
    assert "unsupported operator custom operator FlexGRU" in refusal(exported)


def test_loops_are_refused_with_the_way_out(exported: Path) -> None:
    model = parsed(exported)
    model.subgraphs.append(model.subgraphs[0])
    rewrite(exported, model)
    assert "2 subgraphs, expected 1: loops cannot be read; convert" in refusal(exported)


def test_int16_activations_are_refused(exported: Path) -> None:
    model = parsed(exported)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if model.operatorCodes[operator.opcodeIndex].builtinCode == 9:  # FULLY_CONNECTED
            graph.tensors[operator.inputs[0]].type = schema().TensorType.INT16
            break
    rewrite(exported, model)
    message = refusal(exported)
    assert "'fc.weight' is multiplied by INT16 activations (int16x8), expected INT8" in message


def test_quantized_inputs_are_refused(exported: Path) -> None:
    model = parsed(exported)
    model.subgraphs[0].tensors[2].type = schema().TensorType.INT8
    rewrite(exported, model)
    assert "input 'conv2_history' is INT8, expected FLOAT32" in refusal(exported)


def test_states_that_are_variables_inside_are_refused(exported: Path) -> None:
    model = parsed(exported)
    graph = model.subgraphs[0]
    inside = next(i for i in graph.inputs if graph.tensors[i].name == b"gru2_state")
    graph.tensors[inside].isVariable = True
    graph.inputs = [i for i in graph.inputs if i != inside]
    rewrite(exported, model)
    message = refusal(exported)
    assert "tensor 'gru2_state' (FLOAT32) has no value" in message
    assert "states have to be inputs and outputs" in message


def test_a_constant_of_another_size_than_its_shape_is_named(exported: Path) -> None:
    model = parsed(exported)
    tensor = next(t for t in model.subgraphs[0].tensors if t.name == b"conv1.bias")
    tensor.shape = [31]
    rewrite(exported, model)
    assert "tensor 'conv1.bias' holds 32 values, its shape [31] says 31" in refusal(exported)


def test_a_bias_of_another_length_is_named(exported: Path) -> None:
    model = parsed(exported)
    graph = model.subgraphs[0]
    names = [tensor.name for tensor in graph.tensors]
    weight, bias = names.index(b"conv1.weight"), names.index(b"gru1.input.bias")
    operator = next(o for o in graph.operators if weight in o.inputs)
    operator.inputs = [operator.inputs[0], weight, bias]
    rewrite(exported, model)
    assert "the bias of 'conv1.weight' has 96 values and 0 scales, expected 32" in refusal(exported)


def test_weights_with_a_zero_point_are_refused(small_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    export_network(small_folder, path, precision="int8")
    model = parsed(path)
    tensor = next(t for t in model.subgraphs[0].tensors if t.name == b"conv1.weight")
    tensor.quantization.zeroPoint = [3] * 32
    rewrite(path, model)
    assert "'conv1.weight' has a zero point, expected 0" in refusal(path)


def test_a_file_that_crashes_the_runtime_does_not_end_these_tools(
    small_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "m.tflite"
    export_network(small_folder, path, precision="int8")
    model = parsed(path)
    tensor = next(t for t in model.subgraphs[0].tensors if t.name == b"gru1.input.input_int8")
    tensor.quantization.zeroPoint = [1577058304]  # far outside int8
    rewrite(path, model)
    assert re.search("crashes the TFLite runtime|refuses it", refusal(path))


def test_sizes_that_would_fill_the_memory_are_refused(exported: Path) -> None:
    model = parsed(exported)
    model.subgraphs[0].tensors[0].shape = [1, 1 << 30]
    rewrite(exported, model)
    assert "tensor 'features' has the shape [1, 1073741824], too large" in refusal(exported)


def test_any_damaged_byte_ends_in_a_network_or_in_one_line(exported: Path) -> None:
    content = exported.read_bytes()
    generator = np.random.default_rng(1)
    for attempt in range(15):
        damaged = bytearray(content)
        # the tables lie at the end, where a wrong offset or index does most
        place = int(generator.integers(len(content) - 24000, len(content)))
        damaged[place] ^= 1 << int(generator.integers(8))
        exported.write_bytes(damaged)
        try:
            import_network(exported, exported.parent / f"maybe{attempt}")
        except DataError as error:
            assert str(error).startswith(f"{exported}: ")
            assert "\n" not in str(error)

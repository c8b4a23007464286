# SPDX-License-Identifier: Apache-2.0
"""The whole export: a model folder in, a TFLite file of one streaming step out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from host_tools import __version__
from host_tools.errors import DataError, UsageError
from host_tools.exchange import step
from host_tools.exchange.matrices import DynamicInt8, Float32, Int8, Matrices
from host_tools.exchange.network_graph import NetworkGraph
from host_tools.exchange.onnx_file import to_onnx
from host_tools.exchange.tflite_file import parse_tflite, read_tflite
from host_tools.exchange.tflite_network import find_network
from host_tools.exchange.verify import Difference, compare
from host_tools.files import check_target, whole_file
from host_tools.network.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from host_tools.network.float_model import FEATURE_LIMIT
from host_tools.network.profile import BANDS, FEATURES, UPDATE_LIMIT, ProfileError
from host_tools.quantize.image import digest, write_image
from host_tools.quantize.weights import quantize_checkpoint

METADATA_NAME = "percepnet"
METADATA_VERSION = 1
PRECISIONS: Mapping[str, Matrices] = {
    "float32": Float32(),
    "dynamic-int8": DynamicInt8(),
    "int8": Int8(),
}
FORMATS = ("tflite", "onnx")


@dataclass(frozen=True)
class ExportReport:
    """What export made; ``difference`` of the file from the float network, None for ONNX."""

    model: str
    model_digest: str
    file: str
    bytes: int
    format: str
    precision: str
    difference: Difference | None


def export_network(
    folder: Path, output: Path, format: str = "tflite", precision: str = "float32"
) -> ExportReport:
    """Write the network of a model folder as *output*; a TFLite file is run once and compared.

    precision: float32, dynamic-int8 or int8. Raises UsageError for other names, DataError when the
    checkpoint cannot be used or the file not be written.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}; there are: {', '.join(FORMATS)}")
    if precision not in PRECISIONS:
        raise UsageError(f"unknown precision {precision!r}; there are: {', '.join(PRECISIONS)}")
    if format == "onnx" and precision != "float32":
        raise UsageError(f"ONNX files are float32, not {precision}; TFLite files can be")
    check_target(output)
    try:
        checkpoint = load_checkpoint(folder)
    except (CheckpointError, ProfileError) as error:
        raise DataError(str(error)) from error
    model_digest = digest(write_image(quantize_checkpoint(checkpoint)))
    content = tflite_file(checkpoint, precision, model_digest)
    difference = None
    with whole_file(output) as part:
        if format == "onnx":
            content = to_onnx(parse_tflite(content, output))
        part.write_bytes(content)
        if format == "tflite":
            difference = _compare(part, output, checkpoint)
    return ExportReport(
        checkpoint.profile.name,
        model_digest,
        str(output),
        len(content),
        format,
        precision,
        difference,
    )


def _compare(part: Path, output: Path, checkpoint: Checkpoint) -> Difference:
    try:
        return compare(part, find_network(read_tflite(part)), checkpoint)
    except DataError as error:
        raise DataError(str(error).replace(str(part), str(output))) from error


def tflite_file(checkpoint: Checkpoint, precision: str, model_digest: str) -> bytes:
    """The file; the same checkpoint and kit give the same bytes."""
    network = NetworkGraph(checkpoint, PRECISIONS[precision])
    about = _metadata(checkpoint, precision, model_digest)
    description = (
        f"PercepNet '{checkpoint.profile.name}', {precision}: one 10 ms frame of 48 kHz speech; "
        f"states are inputs and outputs. Model {model_digest}"
    )
    content = json.dumps(about, indent=1).encode()
    return network.graph.to_file(
        step.SIGNATURE, network.outputs, description, {METADATA_NAME: content}
    )


def _metadata(checkpoint: Checkpoint, precision: str, model_digest: str) -> dict[str, object]:
    tensors = checkpoint.tensors
    return {
        "format_version": METADATA_VERSION,
        "kit_version": __version__,
        "model": checkpoint.profile.name,
        "model_digest": model_digest,
        "precision": precision,
        "sample_rate_hz": 48000,
        "hop_samples": 480,
        "bands": BANDS,
        "look_ahead_frames": 2,
        "features": {
            "count": FEATURES,
            "mean": [float(value) for value in tensors["feature_mean"]],
            "std": [float(value) for value in tensors["feature_std"]],
            "limit": FEATURE_LIMIT,
            "normalised_inside": True,
        },
        "update_gate_limit": UPDATE_LIMIT,
        "states": {name: step.next_name(name) for name in step.states(checkpoint.profile)},
    }

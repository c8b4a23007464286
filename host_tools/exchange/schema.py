# SPDX-License-Identifier: Apache-2.0
"""The TFLite file format as Python objects, from the package of the extra ``tflite``."""

from __future__ import annotations

import importlib
from typing import Any

from host_tools.errors import MissingDependency

FILE_IDENTIFIER = b"TFL3"  # bytes 4 to 7 of every TFLite file
INSTALL = "pip install -e '.[tflite]'"


def schema() -> Any:
    """The generated module of the format. MissingDependency when ai-edge-litert is not there."""
    try:
        return importlib.import_module("ai_edge_litert.schema_py_generated")
    except ImportError as error:
        raise MissingDependency(
            f"TFLite files need the package ai-edge-litert ({error}): {INSTALL}"
        ) from error


def flatbuffer_builder() -> Any:
    """An empty builder of the package flatbuffers, which ai-edge-litert brings."""
    try:
        return importlib.import_module("flatbuffers").Builder(1 << 16)
    except ImportError as error:
        raise MissingDependency(
            f"TFLite files need the package flatbuffers ({error}): {INSTALL}"
        ) from error


def operator_name(code: int) -> str:
    """Name of a builtin operator, for example FULLY_CONNECTED."""
    names = {value: name for name, value in vars(schema().BuiltinOperator).items()}
    return str(names.get(code, f"operator {code}"))


def type_name(code: int) -> str:
    """Name of a tensor type, for example FLOAT32."""
    names = {value: name for name, value in vars(schema().TensorType).items()}
    return str(names.get(code, f"type {code}"))

# SPDX-License-Identifier: Apache-2.0
"""Runs a streaming step frame by frame in ai-edge-litert or tflite-runtime."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError, MissingDependency
from host_tools.exchange import step
from host_tools.exchange.schema import INSTALL
from host_tools.network.profile import FEATURES

FloatArray = npt.NDArray[np.float32]
Answers = tuple[FloatArray, FloatArray, float]

RUNTIMES = (
    ("ai-edge-litert", "ai_edge_litert.interpreter"),
    ("tflite-runtime", "tflite_runtime.interpreter"),
)
"""(package, module) in the order in which they are tried."""
REFUSALS = (ValueError, RuntimeError, SystemError, OSError)


def load_runtime() -> tuple[str, Any]:
    """Name with version of the runtime, and its module. MissingDependency when there is none."""
    reasons = []
    for package, module in RUNTIMES:
        try:
            loaded = importlib.import_module(module)
        except ImportError as error:
            reasons.append(f"{package}: {error}")
            continue
        try:
            return f"{package} {version(package)}", loaded
        except PackageNotFoundError:
            return package, loaded
    raise MissingDependency(f"no TFLite runtime ({'; '.join(reasons)}): {INSTALL}")


class Interpreter:
    """A file in the runtime, on one thread; tensors go by their index in the file.

    Raises DataError when the runtime refuses the file or a frame.
    """

    def __init__(self, path: Path) -> None:
        self.runtime, module = load_runtime()
        self._path = path
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from error
        self._interpreter = self._try(
            lambda: module.Interpreter(model_content=content, num_threads=1)
        )
        self._try(self._interpreter.allocate_tensors)

    def signature(self) -> tuple[dict[str, int], dict[str, int]]:
        """Tensors of inputs and outputs by name; both empty without the signature of step.py."""
        if step.SIGNATURE not in self._interpreter.get_signature_list():
            return {}, {}
        runner = self._interpreter.get_signature_runner(step.SIGNATURE)
        sides = runner.get_input_details(), runner.get_output_details()
        inputs, outputs = ({name: int(d["index"]) for name, d in side.items()} for side in sides)
        return inputs, outputs

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Shape of an input."""
        details = self._try(self._interpreter.get_input_details)
        shapes = {d["index"]: d["shape"] for d in details}
        return tuple(int(size) for size in shapes[tensor])

    def run(self, inputs: Mapping[int, FloatArray]) -> None:
        """Compute one frame."""
        for tensor, value in inputs.items():
            shaped = value.reshape(self.shape(tensor))
            self._try(lambda t=tensor, v=shaped: self._interpreter.set_tensor(t, v))  # type: ignore[misc]
        self._try(self._interpreter.invoke)

    def value(self, tensor: int) -> FloatArray:
        """An output of the last frame, as one row."""
        return np.asarray(self._interpreter.get_tensor(tensor), np.float32).reshape(-1)

    def _try(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except REFUSALS as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise DataError(f"{self._path}: {self.runtime} refuses it: {reason}") from error


class Runner:
    """An exported network with its states; ``runtime`` says which runtime runs it.

    Raises DataError for a file that the runtime refuses or that 'host_tools export' did not make.
    """

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(path)
        self.runtime = self._interpreter.runtime
        self._inputs, self._outputs = self._interpreter.signature()
        self._sizes = {
            name: self._interpreter.shape(tensor)[-1]
            for name, tensor in self._inputs.items()
            if name != step.FEATURES_INPUT
        }
        needed = [*step.ANSWERS, *(step.next_name(state) for state in self._sizes)]
        missing = [name for name in needed if name not in self._outputs]
        if step.FEATURES_INPUT not in self._inputs or missing:
            name = (missing or [step.FEATURES_INPUT])[0]
            raise DataError(
                f"{path}: no tensor {name!r} in a signature '{step.SIGNATURE}'; make the file with "
                "'host_tools export'"
            )
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first frame: all zeros."""
        self._states = {name: np.zeros(size, np.float32) for name, size in self._sizes.items()}

    def step(self, features: npt.NDArray[np.generic]) -> Answers:
        """One frame: 70 features as the C front end gives them (int16, not normalised).

        Returns gains [34], strengths [34] and the voice probability, each in 0..1.
        """
        if features.shape != (FEATURES,):
            raise ValueError(f"features must have shape [{FEATURES}], got {features.shape}")
        given = {step.FEATURES_INPUT: features.astype(np.float32), **self._states}
        self._interpreter.run({self._inputs[name]: value for name, value in given.items()})
        self._states = {name: self._value(step.next_name(name)) for name in self._states}
        return (
            self._value(step.GAINS),
            self._value(step.STRENGTHS),
            float(self._value(step.VOICE)[0]),
        )

    def _value(self, name: str) -> FloatArray:
        return self._interpreter.value(self._outputs[name])

# SPDX-License-Identifier: Apache-2.0
"""Runs frames through a TFLite file in a process of its own, since damaged files crash runtimes:
``python -m host_tools.exchange.step_worker FILE TASK.npz RESULT.npz``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.errors import ToolError
from host_tools.exchange.runtime import Interpreter

REFUSED_EXIT_CODE = 3
"""Standard output then says why in one line."""


def run(file: Path, task_path: Path, result_path: Path) -> None:
    """Task: ``features`` [T, N], tensors ``features_input``, ``state_inputs``, ``state_outputs``
    and ``answers``. Result: ``runtime`` and for each answer k ``answer<k>`` [T, values]."""
    with np.load(task_path, allow_pickle=False) as stored:
        task = {name: stored[name] for name in stored.files}
    interpreter = Interpreter(file)
    pairs = list(zip(task["state_inputs"].tolist(), task["state_outputs"].tolist(), strict=True))
    states = {tensor: np.zeros(interpreter.shape(tensor), np.float32) for tensor, _ in pairs}
    answers: list[list[np.ndarray]] = [[] for _ in task["answers"]]
    for frame in task["features"]:
        interpreter.run({int(task["features_input"]): frame, **states})
        states = {tensor: interpreter.value(after) for tensor, after in pairs}
        for found, tensor in zip(answers, task["answers"].tolist(), strict=True):
            found.append(interpreter.value(tensor))
    result: dict[str, Any] = {f"answer{k}": np.array(a) for k, a in enumerate(answers)}
    np.savez(result_path, runtime=np.array(interpreter.runtime), **result)


if __name__ == "__main__":
    try:
        run(*(Path(argument) for argument in sys.argv[1:4]))
    except ToolError as error:
        print(error)
        sys.exit(REFUSED_EXIT_CODE)

# SPDX-License-Identifier: Apache-2.0
"""Runs of the network in LiteRT on this computer, each in a process of its own."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.devices.base import RunResult
from host_tools.errors import MeasurementInvalid, MissingDependency

PACKAGE = "ai-edge-litert"
KERNEL = "xnnpack"
INSTALL = "pip install -e '.[tflite]'"
WORKER = "host_tools.measure.tflite_worker"
_START_S = 60.0
_SLOWEST = 5.0
"""Times real time: a run that takes longer hangs."""

Features = NDArray[np.int16]


@dataclass(frozen=True)
class LiteRtRun:
    """One run over all frames.

    ``times`` has the network alone (``invoke``) as call times, and no audio. ``step_ns`` [frames]
    also hands features and states in and takes answers and states out, through Python.
    ``answers`` [frames, 69] are gains, strengths and voice, 0 to 1.
    """

    times: RunResult
    step_ns: NDArray[np.uint32]
    answers: NDArray[np.float32]


def runtime_version() -> str:
    """Version of the installed runtime. Raises MissingDependency without it."""
    try:
        if importlib.util.find_spec("ai_edge_litert") is not None:
            return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        pass
    raise MissingDependency(f"--engine tflite: {PACKAGE} is not installed; try: {INSTALL}")


class LiteRt:
    """A network and the features of a clip, kept in ``folder`` for the processes that run them."""

    def __init__(self, folder: Path, model: bytes, features: Features) -> None:
        self.version = runtime_version()
        self.frames = len(features)
        self._folder = folder
        self._model, self._features = write_inputs(folder, model, features)

    @property
    def command(self) -> list[str]:
        """Starts the worker; without a further argument it runs at each line that it is given."""
        return [sys.executable, "-m", WORKER, str(self._model), str(self._features)]

    def run(self, pace_ms: int = 0) -> LiteRtRun:
        """Once over the clip, from silence, after a warm-up that is not timed.

        Raises MeasurementInvalid when the process fails or hangs.
        """
        out = self._folder / "run.npz"
        out.unlink(missing_ok=True)
        limit_s = _START_S + _SLOWEST * self.frames / 100
        run_worker([*self.command, str(out), f"--pace-ms={pace_ms}"], limit_s)
        with np.load(out) as found:
            answers: NDArray[np.float32] = found["answers"]
            return LiteRtRun(
                times=RunResult(
                    pcm=np.zeros(0, np.int16),
                    frames=self.frames,
                    frames_per_call=1,
                    call_times_ns=found["invoke_ns"],
                    stage_times_ns=None,
                    wall_ns=int(found["wall_ns"]),
                    cpu_ns=int(found["cpu_ns"]),
                    deadline_misses=int(found["misses"]),
                    pace_ms=pace_ms,
                    kernel=KERNEL,
                    wake_ups_ns=found["wake_ups_ns"] if pace_ms else None,
                ),
                step_ns=found["step_ns"],
                answers=answers,
            )


@contextmanager
def opened(model: bytes, features: Features) -> Iterator[LiteRt]:
    """LiteRT on this computer, with a folder that goes when it is left."""
    with tempfile.TemporaryDirectory(prefix="percepnet-") as folder:
        yield LiteRt(Path(folder), model, features)


def write_inputs(folder: Path, model: bytes, features: Features) -> tuple[Path, Path]:
    """Files of the network and of features [frames, 70] as the worker reads them."""
    model_path, features_path = folder / "step.tflite", folder / "features.npy"
    model_path.write_bytes(model)
    np.save(features_path, features)
    return model_path, features_path


def run_worker(
    command: list[str], limit_s: float, environment: dict[str, str] | None = None
) -> None:
    """Run a worker to its end. Raises MeasurementInvalid when it fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
        )
    except subprocess.TimeoutExpired as error:
        raise MeasurementInvalid(
            f"LiteRT was not done within {limit_s:.0f} s; try again beside no other program"
        ) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it gave no reason"]
        raise MeasurementInvalid(f"LiteRT ended with code {done.returncode}: {lines[-1]}")

# SPDX-License-Identifier: Apache-2.0
"""Does a TFLite file compute the network? Both run over the same features, frame by frame."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.exchange import step
from host_tools.exchange.runtime import load_runtime
from host_tools.exchange.step_worker import REFUSED_EXIT_CODE
from host_tools.exchange.tflite_network import TfliteNetwork
from host_tools.network.checkpoint import Checkpoint
from host_tools.network.float_model import FEATURE_LIMIT, FloatNetwork
from host_tools.network.profile import BANDS

FRAMES = 60
SEED = 1
HELD_FRAMES = 6  # a random spectrum stays so long, so that recurrent layers see something move
TIME_LIMIT_S = 120.0

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Difference:
    """Mean and largest absolute difference of gains and strengths from the float network."""

    runtime: str
    frames: int
    mean: float
    largest: float


def drawn_features(checkpoint: Checkpoint) -> npt.NDArray[np.int16]:
    """Random features [FRAMES, 70] around the mean of the checkpoint."""
    generator = np.random.default_rng(SEED)
    held = generator.normal(size=(FRAMES // HELD_FRAMES, len(checkpoint.tensors["feature_mean"])))
    values = np.repeat(held, HELD_FRAMES, axis=0) + 0.3 * generator.normal(size=(FRAMES, 1))
    values = checkpoint.tensors["feature_mean"] + values * checkpoint.tensors["feature_std"]
    return np.clip(np.rint(values), -32768, 32767).astype(np.int16)


def compare(path: Path, network: TfliteNetwork, checkpoint: Checkpoint) -> Difference:
    """Run both over drawn features. Raises DataError when the runtime refuses the file."""
    features = drawn_features(checkpoint)
    wanted = FloatNetwork(checkpoint, np.float32).run(features)
    given = features.astype(np.float32)
    if network.normalisation is None:
        tensors = checkpoint.tensors
        given = (given - tensors["feature_mean"]) / tensors["feature_std"]
        given = np.clip(given, -FEATURE_LIMIT, FEATURE_LIMIT)
    runtime, gains, strengths = _run(path, network, given)
    errors = np.abs(np.stack([gains - wanted.gain, strengths - wanted.strength]))
    return Difference(runtime, len(features), float(errors.mean()), float(errors.max()))


def _run(
    path: Path, network: TfliteNetwork, features: FloatArray
) -> tuple[str, FloatArray, FloatArray]:
    """Runtime, gains and strengths [T, 34] of the file."""
    load_runtime()
    names = (step.GAINS, step.STRENGTHS)
    with tempfile.TemporaryDirectory(prefix="host_tools-") as folder:
        task, result = Path(folder) / "task.npz", Path(folder) / "result.npz"
        np.savez(
            task,
            features=features,
            features_input=np.array(network.features),
            state_inputs=np.array(list(network.states), np.int64),
            state_outputs=np.array(list(network.states.values()), np.int64),
            answers=np.array([network.answers[name][0] for name in names]),
        )
        _start(path, task, result)
        with np.load(result, allow_pickle=False) as stored:
            runtime, *answers = (stored[n] for n in ("runtime", "answer0", "answer1"))
    found = []
    for name, answer in zip(names, answers, strict=True):
        first = network.answers[name][1]
        found.append(answer[:, first : first + BANDS])
        if found[-1].shape[1] != BANDS:
            raise DataError(f"{path}: gives {found[-1].shape[1]} {name}, expected {BANDS}")
    return str(runtime), found[0], found[1]


def _start(path: Path, task: Path, result: Path) -> None:
    command = [sys.executable, "-m", "host_tools.exchange.step_worker"]
    try:
        done = subprocess.run(
            [*command, str(path), str(task), str(result)],
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(
            f"{path}: takes more than {TIME_LIMIT_S:.0f} s for {FRAMES} frames"
        ) from error
    if done.returncode == REFUSED_EXIT_CODE:
        raise DataError(done.stdout.strip())
    if done.returncode:
        raise DataError(f"{path}: crashes the TFLite runtime (exit status {done.returncode})")

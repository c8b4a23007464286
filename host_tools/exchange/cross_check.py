# SPDX-License-Identifier: Apache-2.0
"""One model in every form that the kit has, on the same audio: how far each pair is apart."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError, MissingDependency
from host_tools.exchange.c_network import CNetwork
from host_tools.exchange.export_network import export_network
from host_tools.exchange.runtime import Runner
from host_tools.features import extract
from host_tools.network.checkpoint import Checkpoint, load_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.quantize.image import write_image
from host_tools.quantize.integer_model import IntegerNetwork
from host_tools.quantize.weights import quantize_checkpoint

OUTPUTS = ("gain", "strength", "voice")
FLOAT, TORCH, INTEGER, C_LIBRARY = "float NumPy", "float PyTorch", "integer NumPy", "C library"
TFLITE = {"float32": "TFLite float32", "dynamic-int8": "TFLite dynamic-int8", "int8": "TFLite int8"}
CARD_NAME = "card.md"

_Q15_ONE = 32768.0
_ROW = re.compile(r"\|\s*([^|]+?) - ([^|]+?)\s*\|\s*(gain|strength|voice)\s*\|\s*([0-9.e-]+)\s*\|")

FloatArray = npt.NDArray[np.float64]
Answers = tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True)
class Distance:
    """Mean and largest absolute difference of an output of two forms, in 0..1.

    ``limit`` of the mean stands in the model's card; None: none is stated. ``ok`` None then.
    """

    first: str
    second: str
    output: str
    mean: float
    largest: float
    limit: float | None

    @property
    def ok(self) -> bool | None:
        """Whether the mean keeps its limit."""
        return None if self.limit is None else self.mean <= self.limit


@dataclass(frozen=True)
class CrossCheck:
    """All pairs; ``skipped`` are forms that could not be run here, with the reason."""

    model: str
    frames: int
    distances: tuple[Distance, ...]
    skipped: dict[str, str]

    @property
    def ok(self) -> bool:
        """No distance is over its limit."""
        return not any(distance.ok is False for distance in self.distances)


def cross_check(
    folder: Path, clip: npt.NDArray[np.int16], progress: Callable[[str], None]
) -> CrossCheck:
    """Run a model's folder in every form on a clip (48 kHz int16 [samples]).

    Raises DataError when checkpoint or card cannot be used, MissingDependency without the host's
    library; PyTorch and a TFLite runtime may be missing.
    """
    checkpoint = load_checkpoint(folder)
    features = extract(clip)
    model = quantize_checkpoint(checkpoint)
    forms: dict[str, Callable[[], Answers]] = {
        FLOAT: lambda: _float(checkpoint, features),
        TORCH: lambda: _torch(checkpoint, features),
        INTEGER: lambda: _integer(IntegerNetwork(model), features),
        C_LIBRARY: lambda: _integer(CNetwork(write_image(model)), features),
    }
    for precision, name in TFLITE.items():
        forms[name] = lambda precision=precision: _tflite(folder, precision, features)  # type: ignore[misc]
    answers: dict[str, Answers] = {}
    skipped: dict[str, str] = {}
    for name, run in forms.items():
        progress(name)
        try:
            answers[name] = run()
        except MissingDependency as error:
            if name == C_LIBRARY:
                raise
            skipped[name] = str(error)
    limits = read_limits(folder / CARD_NAME)
    unknown = {name for pair in limits for name in pair[:2]} - set(forms)
    if unknown:
        raise DataError(
            f"{folder / CARD_NAME}: limits for {', '.join(sorted(unknown))}, which is no form of a "
            f"model; there are {', '.join(forms)}"
        )
    return CrossCheck(
        checkpoint.profile.name, len(features), tuple(_distances(answers, limits)), skipped
    )


def read_limits(card: Path) -> dict[tuple[str, str, str], float]:
    """Rows "| FORM - FORM | OUTPUT | LIMIT |" of a model's card, by (form, form, output)."""
    if not card.is_file():
        return {}
    rows = _ROW.findall(card.read_text(encoding="utf-8"))
    return {(first, second, output): float(limit) for first, second, output, limit in rows}


def _distances(
    answers: dict[str, Answers], limits: dict[tuple[str, str, str], float]
) -> list[Distance]:
    found: list[Distance] = []
    for first, second in combinations(answers, 2):
        for at, output in enumerate(OUTPUTS):
            apart = np.abs(answers[first][at] - answers[second][at])
            limit = limits.get((first, second, output), limits.get((second, first, output)))
            found.append(
                Distance(first, second, output, float(apart.mean()), float(apart.max()), limit)
            )
    return found


def _float(checkpoint: Checkpoint, features: npt.NDArray[np.int16]) -> Answers:
    output = FloatNetwork(checkpoint, np.float32).run(features)
    return tuple(  # type: ignore[return-value]
        np.asarray(part, np.float64) for part in (output.gain, output.strength, output.voice)
    )


def _torch(checkpoint: Checkpoint, features: npt.NDArray[np.int16]) -> Answers:
    try:
        import torch
    except ImportError as error:
        raise MissingDependency("PyTorch is not installed: pip install -e '.[train]'") from error
    from host_tools.network.torch_model import Network

    network = Network(checkpoint.profile)
    network.load_tensors(checkpoint)
    network.eval()
    with torch.no_grad():
        rows = torch.from_numpy(features.astype(np.float32))[:, None]
        logits, _ = network(rows, network.initial_state(1))
        parts = (logits.gain, logits.strength, logits.voice)
        gain, strength, voice = (torch.sigmoid(part)[:, 0].double().numpy() for part in parts)
    return gain, strength, voice


def _integer(network: IntegerNetwork | CNetwork, features: npt.NDArray[np.int16]) -> Answers:
    output = network.run(features)
    return (
        output.gain_q15 / _Q15_ONE,
        output.strength_q15 / _Q15_ONE,
        output.voice_q15 / _Q15_ONE,
    )


def _tflite(folder: Path, precision: str, features: npt.NDArray[np.int16]) -> Answers:
    with tempfile.TemporaryDirectory(prefix="percepnet-") as place:
        file = Path(place) / "network.tflite"
        export_network(folder, file, precision=precision)
        runner = Runner(file)
        rows = [runner.step(row) for row in features]
    gain, strength, voice = zip(*rows, strict=True)
    return np.array(gain, np.float64), np.array(strength, np.float64), np.array(voice, np.float64)

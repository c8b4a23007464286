# SPDX-License-Identifier: Apache-2.0
"""``host_tools evaluate``: how good a model sounds on held-out mixtures, and how true it is to its
float network; both from what a device really computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from host_tools.devices.base import Device, Samples, Settings, enhance
from host_tools.devices.registry import open_device
from host_tools.generate.model_file import find_model, model_path
from host_tools.measure.quality import quality
from host_tools.network.audio_cache import AudioCache, Split, build_cache
from host_tools.network.checkpoint import load_checkpoint
from host_tools.network.evaluation import (
    MetricMean,
    MixtureScore,
    evaluate,
    held_out_mixtures,
    mean_scores,
)
from host_tools.quantize.fidelity import Fidelity, compare_with_float
from host_tools.quantize.image import read_image

Progress = Callable[[str, int, int], None]
"""Called with (what, done, in all)."""


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model: mean of each metric and each mixture's own, and its fidelity.

    ``fidelity`` is None when no float checkpoint stands beside the image.
    """

    model: str
    model_digest: str
    device: str
    kernel: str
    split: str
    mixtures: int
    metrics: dict[str, MetricMean]
    scores: list[MixtureScore]
    fidelity: Fidelity | None


def prepare_cache(data: Path | None, cache: Path, progress: Progress) -> AudioCache:
    """Decode a data folder once into ``cache`` (or use what is there) and open it."""
    if data is not None and not (cache / "index.json").exists():
        for done, total in build_cache(data, cache):
            progress("decoding", done, total)
    return AudioCache(cache)


def _scores(
    device: Device, cache: AudioCache, split: Split, count: int, progress: Progress
) -> Iterator[MixtureScore]:
    def denoise(noisy: Samples) -> Samples:
        device.configure(Settings(mode="packet"))
        return enhance(device, noisy)[0]

    def score(
        clean: Samples, noisy: Samples, enhanced: Samples
    ) -> dict[str, tuple[float | None, float | None]]:
        found = quality(clean, noisy, enhanced).metrics
        return {name: (metric.before, metric.after) for name, metric in found.items()}

    for result in evaluate(held_out_mixtures(cache, split, count), denoise, score):
        progress("mixtures", result.index + 1, count)
        yield result


def _fidelity(
    model: str, image: bytes, cache: AudioCache, split: Split, count: int, progress: Progress
) -> Fidelity | None:
    folder = model_path(model).parent
    if count == 0 or not (folder / "checkpoint.safetensors").is_file():
        return None

    def clips() -> Iterator[Samples]:
        # Spread over the same SNR range as the scored mixtures.
        for index, mixture in enumerate(islice(held_out_mixtures(cache, split, count), count)):
            progress("float network", index, count)
            yield mixture.noisy

    return compare_with_float(load_checkpoint(folder), read_image(image, model), clips())


def evaluate_model(
    cache: AudioCache,
    model: str,
    device_name: str,
    split: Split,
    mixtures: int,
    float_mixtures: int,
    progress: Progress,
) -> Evaluation:
    """Score ``model`` on ``mixtures`` held-out mixtures of ``split`` through a device.

    The integer network is compared with the float one on ``float_mixtures`` of them (0: not).
    Raises UsageError, DataError, DeviceError, ProtocolError or MissingDependency.
    """
    found = find_model(model)
    with open_device(device_name, model=model) as device:
        scores = list(_scores(device, cache, split, mixtures, progress))
        kernel = device.identify().kernel
    return Evaluation(
        model=found.name,
        model_digest=found.digest,
        device=device_name,
        kernel=kernel,
        split=split,
        mixtures=mixtures,
        metrics=mean_scores(scores),
        scores=scores,
        fidelity=_fidelity(model, found.image, cache, split, float_mixtures, progress),
    )

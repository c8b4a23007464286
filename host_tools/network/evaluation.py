# SPDX-License-Identifier: Apache-2.0
"""Quality on held-out mixtures: a fixed, seeded list of them, and mean scores of a denoiser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.network.audio_cache import AudioCache, Split
from host_tools.network.mixing import PLAIN_RECIPE, Mixer, Mixture

DEFAULT_MIXTURES = 60
DEFAULT_SEED = 2020

Samples = npt.NDArray[np.int16]
Denoise = Callable[[Samples], Samples]
"""Cleans mono 48 kHz audio; the result has the same length and no delay."""
Score = Callable[[Samples, Samples, Samples], Mapping[str, tuple[float | None, float | None]]]
"""Called with (clean, noisy, enhanced): metric name -> (value before, value after)."""


@dataclass(frozen=True)
class MixtureScore:
    """Scores of one mixture: metric name -> (before, after)."""

    index: int
    snr_db: float
    speaker: str
    noises: tuple[str, ...]
    metrics: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class MetricMean:
    """Means of one metric over ``count`` mixtures; ``worst_gain`` is the smallest gain."""

    before: float
    after: float
    gain: float
    worst_gain: float
    count: int


def held_out_mixtures(
    cache: AudioCache,
    split: Split = "test",
    count: int = DEFAULT_MIXTURES,
    seed: int = DEFAULT_SEED,
) -> Iterator[Mixture]:
    """Make the same ``count`` mixtures every time: 10 s, one noise each, SNR spread over 0..15 dB.

    Speech and noise are as recorded (no filters, rooms or change of speed). SNR is the ratio of
    the mean squares of the whole signals.
    """
    mixer = Mixer(cache, split, PLAIN_RECIPE)
    low, high = PLAIN_RECIPE.main_snr_db
    for index in range(count):
        snr_db = low + (high - low) * (index + 0.5) / count
        yield mixer.draw(np.random.default_rng([seed, index]), snr_db)


def evaluate(mixtures: Iterator[Mixture], denoise: Denoise, score: Score) -> Iterator[MixtureScore]:
    """Score one mixture after the other; a metric that is undefined for one is left out there.

    Raises DataError when the denoiser changes the length.
    """
    for index, mixture in enumerate(mixtures):
        enhanced = denoise(mixture.noisy)
        if enhanced.shape != mixture.noisy.shape:
            raise DataError(
                f"mixture {index}: output has {enhanced.shape} samples, input "
                f"{mixture.noisy.shape}; the delay must be removed and the length kept"
            )
        metrics = {
            name: (before, after)
            for name, (before, after) in score(mixture.clean, mixture.noisy, enhanced).items()
            if before is not None and after is not None
        }
        yield MixtureScore(index, mixture.snr_db, mixture.speaker, mixture.noises, metrics)


def mean_scores(scores: list[MixtureScore]) -> dict[str, MetricMean]:
    """Average every metric over the mixtures that have it."""
    means = {}
    for name in sorted({name for score in scores for name in score.metrics}):
        pairs = np.array([score.metrics[name] for score in scores if name in score.metrics])
        gains = pairs[:, 1] - pairs[:, 0]
        means[name] = MetricMean(
            before=float(pairs[:, 0].mean()),
            after=float(pairs[:, 1].mean()),
            gain=float(gains.mean()),
            worst_gain=float(gains.min()),
            count=len(pairs),
        )
    return means

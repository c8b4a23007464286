# SPDX-License-Identifier: Apache-2.0
"""A small made-up evaluation with clips, for tests of what is done with evaluations."""

from __future__ import annotations

import numpy as np

from host_tools.measure import summary
from host_tools.measure.evaluation_result import (
    EvaluationResult,
    ExampleClip,
    MixtureFacts,
    Scores,
    SystemFacts,
    room_label,
    snr_label,
)

METRICS = ("pesq_wb", "stoi", "si_sdr_db", "dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl")
NAMES = ("noisy", "percepnet", "rnnoise", "webrtc")
RATE_HZ = 48_000


def example_evaluation(*, names: tuple[str, ...] = NAMES, text: str = "rain") -> EvaluationResult:
    """Two mixtures of each SNR and room; ``text`` is put wherever data brings text."""
    mixtures = [
        MixtureFacts(10 + index, snr_db, reverberant, text, (text, "wind"), text * reverberant)
        for index, (snr_db, reverberant) in enumerate(
            (snr_db, reverberant)
            for snr_db in (-5.0, 0.0, 10.0)
            for reverberant in (False, True)
            for _ in range(2)
        )
    ]
    scores = {name: _scores(place, len(mixtures)) for place, name in enumerate(names)}
    return EvaluationResult(
        schema_version=1,
        model=names[1],
        model_digest="ab" * 32,
        device="host",
        kernel="scalar",
        split="test",
        list_digest="cd" * 32,
        metrics=METRICS,
        systems=[
            SystemFacts(name, f"{text} {name}", "1.2.3", 480 * place, f"note {text}")
            for place, name in enumerate(names)
        ],
        mixtures=mixtures,
        scores=scores,
        means=summary.means(scores, METRICS),
        by_snr=summary.means_by(scores, METRICS, mixtures, lambda m: snr_label(m.snr_db)),
        by_room=summary.means_by(scores, METRICS, mixtures, room_label),
        comparisons=summary.comparisons(scores, METRICS, names[1]),
        situations=[],
        notes=(f"note: {text}",),
    )


def example_clips(result: EvaluationResult, seconds: float = 0.5) -> list[ExampleClip]:
    """The first and the last mixture with noise of seeded generators as every signal."""
    clips = []
    for mixture in (result.mixtures[0], result.mixtures[-1]):
        random = np.random.default_rng(mixture.index)
        sounds = [
            np.rint(random.normal(0.0, 1000.0, int(seconds * RATE_HZ))).astype(np.int16)
            for _ in range(1 + len(result.systems))
        ]
        names = [system.name for system in result.systems]
        clips.append(ExampleClip(mixture, sounds[0], dict(zip(names, sounds[1:], strict=True))))
    return clips


def _scores(place: int, count: int) -> list[Scores]:
    """PESQ-WB grows with the place of the system, all else falls."""
    random = np.random.default_rng(place)
    return [
        {
            metric: float(
                2.0 + (0.5 * place if metric == "pesq_wb" else -0.5 * place) + 0.1 * noise
            )
            for metric, noise in zip(METRICS, random.normal(size=len(METRICS)), strict=True)
        }
        for _ in range(count)
    ]

# SPDX-License-Identifier: Apache-2.0
"""From scores of single mixtures to means, differences and the clips to listen to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from host_tools.measure.bootstrap import interval, paired_interval
from host_tools.measure.evaluation_result import Comparison, Interval, MixtureFacts, Scores

Means = dict[str, dict[str, Interval]]
"""System -> metric -> interval."""


def means(
    scores: dict[str, list[Scores]], metrics: Sequence[str], chosen: Sequence[int] | None = None
) -> Means:
    """Mean of every metric of every system over all mixtures, or over the ``chosen`` ones."""
    found: Means = {}
    for system, rows in scores.items():
        picked = rows if chosen is None else [rows[number] for number in chosen]
        intervals = {metric: interval([row[metric] for row in picked]) for metric in metrics}
        found[system] = {name: value for name, value in intervals.items() if value is not None}
    return found


def means_by(
    scores: dict[str, list[Scores]],
    metrics: Sequence[str],
    mixtures: Sequence[MixtureFacts],
    label: Callable[[MixtureFacts], str],
) -> dict[str, Means]:
    """The same for each group of mixtures that ``label`` puts together, in order of appearance."""
    groups: dict[str, list[int]] = {}
    for number, mixture in enumerate(mixtures):
        groups.setdefault(label(mixture), []).append(number)
    return {name: means(scores, metrics, chosen) for name, chosen in groups.items()}


def comparisons(
    scores: dict[str, list[Scores]], metrics: Sequence[str], model: str
) -> list[Comparison]:
    """Model minus every other system, for every metric that both have."""
    found = []
    for system in scores:
        if system == model:
            continue
        for metric in metrics:
            difference = paired_interval(
                [row[metric] for row in scores[model]], [row[metric] for row in scores[system]]
            )
            if difference is not None:
                found.append(Comparison(system, metric, difference))
    return found


def pick_examples(mixtures: Sequence[MixtureFacts], gains: Sequence[float | None]) -> list[int]:
    """Numbers of the mixtures to listen to, in order.

    ``gains`` are the model's advantage on each (unknown counts as none). Of every SNR the middle
    one, dry and reverberant in turn, and the worst and the best of all.
    """
    ranked = sorted(range(len(mixtures)), key=lambda number: gains[number] or 0.0)
    picked = {ranked[0], ranked[-1]}
    for turn, snr_db in enumerate(sorted({mixture.snr_db for mixture in mixtures})):
        same = [number for number in ranked if mixtures[number].snr_db == snr_db]
        wanted = [n for n in same if mixtures[n].reverberant == bool(turn % 2)] or same
        picked.add(wanted[len(wanted) // 2])
    return sorted(picked)

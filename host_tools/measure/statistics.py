# SPDX-License-Identifier: Apache-2.0
"""Order statistics that a measurement reports: never a mean alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Distribution:
    """p50, p95, p99 and maximum of a set of values, in the values' unit.

    A percentile is the smallest observed value with at least that share of the values at or
    below it, so every figure is one that really occurred.
    """

    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True)
class Repeats:
    """Median, smallest and largest of repeated runs, and half their spread over the median."""

    median: float
    low: float
    high: float
    count: int

    @property
    def spread_percent(self) -> float:
        """Half of (largest - smallest), in percent of the median; 0 for a median of 0."""
        return 0.0 if self.median == 0 else 50.0 * (self.high - self.low) / self.median


def distribution(values: ArrayLike) -> Distribution:
    """Percentiles of one or more finite values. Raises ValueError for none."""
    data = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if data.size == 0:
        raise ValueError("no values to take percentiles of")
    ranks = [max(1, int(np.ceil(share * data.size))) - 1 for share in (0.50, 0.95, 0.99)]
    p50, p95, p99 = (float(data[rank]) for rank in ranks)
    return Distribution(p50, p95, p99, float(data[-1]))


def repeats(values: ArrayLike) -> Repeats:
    """Median and range of one or more runs. Raises ValueError for none."""
    data = np.asarray(values, dtype=np.float64).ravel()
    if data.size == 0:
        raise ValueError("no runs to summarise")
    return Repeats(float(np.median(data)), float(data.min()), float(data.max()), int(data.size))


OUTLIER_DEVIATIONS = 3.0
_SCALED = 1.4826
"""Of normally distributed values the standard deviation over the median absolute deviation."""


def outliers(values: ArrayLike) -> int:
    """How many values lie more than three scaled median absolute deviations from the median.

    Of fewer than five values nothing is told, and none counts as one.
    """
    data = np.asarray(values, dtype=np.float64).ravel()
    if data.size < 5:
        return 0
    away = np.abs(data - np.median(data))
    return int(np.sum(away > OUTLIER_DEVIATIONS * _SCALED * np.median(away)))

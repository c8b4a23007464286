# SPDX-License-Identifier: Apache-2.0
"""95 % intervals of means by the percentile bootstrap over mixtures (Efron, 1979)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from host_tools.measure.evaluation_result import Interval

RESAMPLES = 2000
SEED = 7
PERCENTILES = (2.5, 97.5)


def interval(values: Sequence[float | None]) -> Interval | None:
    """Mean and interval of the values that are known; None when none is.

    The same values give the same interval every time.
    """
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if not known.size:
        return None
    means = known[_resamples(known.size)].mean(axis=1)
    low, high = np.percentile(means, PERCENTILES)
    return Interval(float(known.mean()), float(low), float(high), int(known.size))


def paired_interval(
    ours: Sequence[float | None], theirs: Sequence[float | None]
) -> Interval | None:
    """Mean and interval of ours - theirs over the mixtures for which both are known."""
    return interval(
        [
            None if one is None or other is None else one - other
            for one, other in zip(ours, theirs, strict=True)
        ]
    )


@lru_cache(maxsize=32)
def _resamples(count: int) -> NDArray[np.intp]:
    """Which mixtures each resample holds, [RESAMPLES, count]."""
    return np.random.default_rng([SEED, count]).integers(0, count, (RESAMPLES, count))

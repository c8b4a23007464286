# SPDX-License-Identifier: Apache-2.0
"""A fast trace as means over 1 ms: ten minutes at 100 kHz would need gigabytes."""

from __future__ import annotations

import numpy as np

from host_tools.power.csv_table import Chunk
from host_tools.power.means import Means

NOTE = "means over 1 ms of a faster trace"
_FAST_PERIOD_S = 0.5e-3


def is_fast(chunk: Chunk) -> bool:
    """True when the samples are closer than half a millisecond."""
    steps_s = np.diff(chunk.time_s[np.isfinite(chunk.time_s)])
    return len(steps_s) > 1 and float(np.median(steps_s)) < _FAST_PERIOD_S


class Milliseconds:
    """Means of power and voltage; ``dropped`` counts the rows that are not finite."""

    def __init__(self) -> None:
        self._power, self._voltage = Means(1), Means(1)
        self.dropped = 0

    def add(self, chunk: Chunk) -> None:
        """The rows that follow."""
        power_w = chunk.current_a * chunk.voltage_v
        good = np.isfinite(chunk.time_s) & np.isfinite(power_w)
        self.dropped += int(np.sum(~good))
        if not good.any():
            return
        numbers = np.floor(chunk.time_s[good] * 1e3).astype(np.int64)
        self._power.add(numbers, power_w[good])
        self._voltage.add(numbers, chunk.voltage_v[good])

    def result(self) -> Chunk:
        """A row for each millisecond with samples; its current gives the right mean power."""
        middles, power_w = self._power.result()
        _, voltage_v = self._voltage.result()
        with np.errstate(divide="ignore", invalid="ignore"):
            return Chunk(middles / 1e3, power_w / voltage_v, voltage_v, [])

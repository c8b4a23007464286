# SPDX-License-Identifier: Apache-2.0
"""A meter's clock against this computer's, from when its samples arrived."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from host_tools.power.recording import Series

SURE_PPM = 500.0
"""A rate known better than this is used and told; a worse one only when it is plainly off."""

LEAST_SPAN_S = 10.0
"""In less, a computer that falls behind looks like a slow clock."""


@dataclass(frozen=True)
class ClockLine:
    """Computer time = ``offset_s`` + ``seconds_per_meter_second`` x meter time.

    ``error_ppm``: how much faster the meter's clock runs than the computer's; None when the
    arrivals do not tell, the rate is then taken as 1. ``delay_s``: mean lateness of the arrivals.
    """

    offset_s: float
    seconds_per_meter_second: float
    error_ppm: float | None
    delay_s: float

    def at(self, meter_s: Series) -> Series:
        """Times of the computer's clock."""
        return self.offset_s + self.seconds_per_meter_second * meter_s


class ClockFit:
    """Fits the line that no arrival lies below and that is nearest to all of them.

    A sample can be late but never early, so the line under the arrivals is the true one, give or
    take the least delay. Keeps only their lower convex hull: memory stays small for any length.
    """

    def __init__(self) -> None:
        self._hull: list[tuple[float, float]] = []
        self._count = 0
        self._sum_meter_s = 0.0
        self._sum_arrival_s = 0.0

    def add(self, meter_s: float, arrival_s: float) -> None:
        """A sample of *meter_s* was here at *arrival_s*; one not later than the last is ignored."""
        if self._hull and meter_s <= self._hull[-1][0]:
            return
        self._count += 1
        self._sum_meter_s += meter_s
        self._sum_arrival_s += arrival_s
        hull = self._hull
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) >= _slope(
            hull[-1], (meter_s, arrival_s)
        ):
            hull.pop()
        hull.append((meter_s, arrival_s))

    def newest_s(self) -> float:
        """When, by the computer's clock, the sample was measured that was added last."""
        line = self.line()
        return line.offset_s + line.seconds_per_meter_second * self._hull[-1][0]

    def line(self) -> ClockLine:
        """The fitted line; at least one arrival must have been added."""
        mean_meter_s = self._sum_meter_s / self._count
        mean_arrival_s = self._sum_arrival_s / self._count
        edges = list(pairwise(self._hull))
        # of all lines below the points, the one through the hull at their mean is nearest to them
        begin, end = next(
            (edge for edge in edges if edge[1][0] >= mean_meter_s),
            edges[-1] if edges else (self._hull[0], self._hull[0]),
        )
        span_s = self._hull[-1][0] - self._hull[0][0]
        if span_s > LEAST_SPAN_S:
            rate = _slope(begin, end)
            delay_s = mean_arrival_s - (begin[1] + rate * (mean_meter_s - begin[0]))
            error_ppm = (1 / rate - 1) * 1e6 if rate > 0 else 0.0
            doubt_ppm = 1e6 * delay_s / span_s
            if rate > 0 and (doubt_ppm < SURE_PPM or abs(error_ppm) > 3 * doubt_ppm):
                return ClockLine(begin[1] - rate * begin[0], rate, error_ppm, delay_s)
        offset_s = min(arrival_s - meter_s for meter_s, arrival_s in self._hull)
        return ClockLine(offset_s, 1.0, None, mean_arrival_s - mean_meter_s - offset_s)


def _slope(begin: tuple[float, float], end: tuple[float, float]) -> float:
    return (end[1] - begin[1]) / (end[0] - begin[0])

# SPDX-License-Identifier: Apache-2.0
"""Means of equally long stretches of a fast stream, so that an hour of it fits into memory."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from host_tools.power.recording import Series


class Means:
    """Mean of each *length* samples of a stream that comes in pieces; lost samples are left out."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._numbers = array("q")
        self._means = array("d")
        self._open_number = 0
        self._open_sum = 0.0
        self._open_count = 0

    def add(self, index: NDArray[np.int64], values: Series) -> None:
        """More samples: their places in the stream, rising, and their values."""
        numbers = index // self._length
        begins = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
        sums = np.add.reduceat(values, begins)
        counts = np.diff(begins, append=len(numbers))
        parts = (numbers[begins], sums, counts)
        for number, total, count in zip(*(part.tolist() for part in parts), strict=True):
            if number != self._open_number:
                self._close()
                self._open_number = number
            self._open_sum += total
            self._open_count += count

    def result(self) -> tuple[Series, Series]:
        """Middle of each stretch, in samples from the first, and its mean; the last one included.

        Nothing may be added afterwards.
        """
        self._close()
        middles = np.array(self._numbers, dtype=np.float64) * self._length + self._length / 2
        return middles, np.array(self._means)

    def _close(self) -> None:
        if self._open_count:
            self._numbers.append(self._open_number)
            self._means.append(self._open_sum / self._open_count)
        self._open_sum, self._open_count = 0.0, 0

# SPDX-License-Identifier: Apache-2.0
"""The PPK2's stream of 4-byte sample words: which samples are there and which are lost.

A word holds, from bit 0: 14 bits ADC, 3 bits range, 1 unused bit, 6 bits counter, 8 bits logic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORD_BYTES = 4
COUNTER_STEPS = 64
_SURE_LOSS_SAMPLES = 5000
"""50 ms: so far behind after a gap, more was lost than the counter's 64 steps can tell."""


@dataclass(frozen=True)
class Piece:
    """Whole words and their places in the stream.

    ``jumps`` is how often the counter did not go up by one.
    """

    data: bytes
    index: NDArray[np.int64]
    jumps: int


class Words:
    """Puts pieces of the stream together; ``lost`` counts the samples that did not come."""

    def __init__(self) -> None:
        self._rest = b""
        self._next = 0
        self._counter: int | None = None
        self.lost = 0

    def take(self, data: bytes, expected: float) -> Piece | None:
        """The words complete with *data*; None when there is none.

        *expected* is how many samples the computer's clock says should have been sent by now.
        """
        data = self._rest + data
        whole = len(data) // WORD_BYTES * WORD_BYTES
        data, self._rest = data[:whole], data[whole:]
        if not data:
            return None
        words = np.frombuffer(data, dtype="<u4")
        counters = (words >> 18 & (COUNTER_STEPS - 1)).astype(np.int64)
        previous = self._counter if self._counter is not None else int(counters[0]) - 1
        missing = (np.diff(counters, prepend=previous) - 1) % COUNTER_STEPS
        jumps = int(np.count_nonzero(missing))
        if jumps:
            behind = expected - (self._next + len(words) + int(missing.sum()))
            if behind > _SURE_LOSS_SAMPLES:
                last_jump = int(np.flatnonzero(missing)[-1])
                missing[last_jump] += int(behind) // COUNTER_STEPS * COUNTER_STEPS
        index = self._next + np.arange(len(words)) + np.cumsum(missing)
        self.lost += int(missing.sum())
        self._next = int(index[-1]) + 1
        self._counter = int(counters[-1])
        return Piece(data, index, jumps)

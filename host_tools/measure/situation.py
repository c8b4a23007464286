# SPDX-License-Identifier: Apache-2.0
"""One situation in which a denoiser was heard, and what was measured of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
Denoise = Callable[[Samples], Samples]
"""Cleans mono 48 kHz audio from a reset state; same length, delay removed."""


@dataclass(frozen=True)
class Figure:
    """A measured value; None when the recordings do not give it.

    ``limit_kind`` is ">=" or "<=", or "" without a limit.
    """

    name: str
    value: float | None
    unit: str
    limit: float | None = None
    limit_kind: str = ""

    @property
    def ok(self) -> bool | None:
        """Whether the limit holds; None without a limit or a value."""
        if self.limit is None or self.value is None:
            return None
        return self.value >= self.limit if self.limit_kind == ">=" else self.value <= self.limit


@dataclass(frozen=True)
class Situation:
    """Figures of one situation; ``title`` is a line for people."""

    name: str
    title: str
    figures: list[Figure]
    ok: bool | None


def situation(name: str, title: str, figures: list[Figure]) -> Situation:
    """Put figures together; ok when every limit that could be checked holds."""
    verdicts = [figure.ok for figure in figures if figure.ok is not None]
    return Situation(name, title, figures, all(verdicts) if verdicts else None)


def level_db(audio: npt.NDArray[np.generic]) -> float:
    """Return 10 log10 of the mean square in int16 units, at least -20 (silence)."""
    power = float(np.mean(np.square(audio.astype(np.float64)))) if len(audio) else 0.0
    return 10.0 * float(np.log10(max(power, 1e-2)))


def mean(values: list[float]) -> float | None:
    """Return the mean, None of nothing."""
    return float(np.mean(values)) if values else None

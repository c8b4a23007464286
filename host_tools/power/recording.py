# SPDX-License-Identifier: Apache-2.0
"""What a power meter hands back: current and voltage over time, and the marks set meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from host_tools.errors import DataError

Series = NDArray[np.float64]

MarkLabel = Literal["idle_begin", "idle_end", "load_begin", "load_end"]


@dataclass(frozen=True)
class Mark:
    """A moment of the measurement, in seconds of the recording's own clock.

    ``uncertainty_s`` is how far the mark may be off: half a round trip to the meter's clock.
    """

    label: MarkLabel
    time_s: float
    uncertainty_s: float = 0.0


@dataclass(frozen=True)
class MeterFacts:
    """What is known of a meter before it measures.

    ``measures`` says through which wire the current flows. ``resolution_ma`` is one step of the
    current, ``accuracy_percent`` what its maker or driver states for the gain (None: unknown).
    ``settle_s`` is how long after a change its values may still show what was before;
    ``block_s`` the shortest idle or load block that makes sense with it. ``is_replay``: the
    recording was made at another time, so it tells nothing measured about this run.
    """

    name: str
    measures: str
    resolution_ma: float | None = None
    accuracy_percent: float | None = None
    settle_s: float = 0.0
    block_s: float = 10.0
    is_replay: bool = False


@dataclass(frozen=True)
class Recording:
    """Samples between ``start`` and ``stop`` of a meter.

    ``time_s``, ``current_a``, ``voltage_v``: float64 [samples], times rising, all finite; see
    ``recording`` for how raw samples get there. ``dropped_samples`` were lost or unreadable,
    ``saturated_samples`` stood at the end of the meter's range. ``clock_error_ppm`` is how much
    faster the meter's clock ran than this computer's (None: they are the same or nobody compared).
    ``resolution_ma`` is one step of the current where only the samples tell it.
    """

    time_s: Series
    current_a: Series
    voltage_v: Series
    marks: tuple[Mark, ...] = ()
    dropped_samples: int = 0
    saturated_samples: int = 0
    clock_error_ppm: float | None = None
    resolution_ma: float | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def power_mw(self) -> Series:
        """Current times voltage at each sample."""
        return 1e3 * self.current_a * self.voltage_v

    @property
    def period_s(self) -> float:
        """Median time between two samples; 0 with fewer than two."""
        return float(np.median(np.diff(self.time_s))) if len(self.time_s) > 1 else 0.0

    @property
    def longest_gap_s(self) -> float:
        """Longest time between two samples; 0 with fewer than two."""
        return float(np.max(np.diff(self.time_s))) if len(self.time_s) > 1 else 0.0


def recording(
    meter: str,
    time_s: ArrayLike,
    current_a: ArrayLike,
    voltage_v: ArrayLike,
    marks: tuple[Mark, ...] = (),
    *,
    dropped_samples: int = 0,
    saturated_samples: int = 0,
    clock_error_ppm: float | None = None,
    resolution_ma: float | None = None,
    notes: tuple[str, ...] = (),
) -> Recording:
    """A recording of raw samples; those that are not finite are dropped and counted.

    Raises DataError naming *meter* when the lengths differ or times do not rise.
    """
    columns = [np.asarray(column, dtype=np.float64) for column in (time_s, current_a, voltage_v)]
    if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
        raise DataError(f"{meter}: times, currents and voltages are not of one length")
    good = np.isfinite(columns[0]) & np.isfinite(columns[1]) & np.isfinite(columns[2])
    times, currents, voltages = (column[good] for column in columns)
    backwards = np.flatnonzero(np.diff(times) <= 0)
    if len(backwards):
        at = int(backwards[0])
        raise DataError(
            f"{meter}: time does not rise: {times[at + 1]:.6f} s after {times[at]:.6f} s; "
            "sort the samples by time"
        )
    return Recording(
        times,
        currents,
        voltages,
        marks,
        dropped_samples=dropped_samples + int(np.sum(~good)),
        saturated_samples=saturated_samples,
        clock_error_ppm=clock_error_ppm,
        resolution_ma=resolution_ma,
        notes=notes,
    )


def recording_of_power(
    meter: str,
    time_s: ArrayLike,
    power_mw: ArrayLike,
    marks: tuple[Mark, ...] = (),
    *,
    dropped_samples: int = 0,
) -> Recording:
    """A recording of a meter that tells power and no current: as from a supply of 1 V.

    Raises DataError as ``recording`` does.
    """
    watts = np.asarray(power_mw, dtype=np.float64) / 1e3
    note = f"{meter}: it tells power only; currents are those of a supply of 1 V"
    return recording(
        meter,
        time_s,
        watts,
        np.ones(watts.shape),
        marks,
        dropped_samples=dropped_samples,
        notes=(note,),
    )

# SPDX-License-Identifier: Apache-2.0
"""What a load adds to the power of a device, with its uncertainty (JCGM 100:2008, "GUM").

Idle and load blocks alternate, an idle one first and last: idle, load, idle, load, ..., idle. The
baseline of a load block is the mean of its two neighbours, so a baseline that drifts evenly
cancels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from host_tools.errors import MeasurementInvalid
from host_tools.power.recording import Recording, Series

FRAME_S = 0.010
COVERAGE = 2.2
"""Expanded uncertainty is so many standard uncertainties: 95 %, with what noise estimated from few
parts needs more than the 1.96 of a known one."""

MIN_BLOCK_SAMPLES = 5
MAX_BATCHES = 6
"""A block's own noise comes from the means of so many parts: few, so that they are longer than slow
noise; fewer still when the block has few samples."""


@dataclass(frozen=True)
class Block:
    """One stretch of a recording: seconds of its clock, mean power, samples, noise of the mean.

    ``noise_mw`` is the standard uncertainty of ``power_mw`` that the spread within the block
    tells; ``skipped_s`` was left out at each end, where the meter may still show the neighbour.
    """

    kind: Literal["idle", "load"]
    begin_s: float
    end_s: float
    power_mw: float
    noise_mw: float
    samples: int
    skipped_s: float

    @property
    def seconds(self) -> float:
        """Length, the skipped ends included."""
        return self.end_s - self.begin_s


@dataclass(frozen=True)
class PowerFigures:
    """Power above idle while the load runs, and where its uncertainty comes from.

    ``drift_mw`` is the last idle block minus the first. ``uncertainty_mw`` is expanded (about
    95 %) and made of standard uncertainties: the larger of ``noise_mw`` (spread within blocks)
    and ``repeatability_mw`` (spread between them), ``resolution_mw`` and ``gain_mw``.
    """

    mw_above_idle: float
    uncertainty_mw: float
    idle_mw: float
    load_mw: float
    drift_mw: float
    noise_mw: float
    repeatability_mw: float
    resolution_mw: float
    gain_mw: float
    blocks: tuple[Block, ...]

    @property
    def mj_per_audio_s(self) -> float:
        """Energy above idle for one second of audio handed out in real time, in mJ."""
        return self.mw_above_idle

    @property
    def uj_per_frame(self) -> float:
        """Energy above idle for one 10 ms frame in real time, in microjoules."""
        return self.mw_above_idle * 1e3 * FRAME_S


def power_figures(
    record: Recording,
    *,
    settle_s: float = 0.0,
    resolution_ma: float | None = None,
    accuracy_percent: float | None = None,
) -> PowerFigures:
    """Integrate a recording by its marks.

    Raises MeasurementInvalid when blocks do not alternate or one has too few samples.
    """
    blocks = [
        _block(record, kind, begin_s, end_s, max(settle_s, doubt_s, record.period_s))
        for kind, begin_s, end_s, doubt_s in _spans(record)
    ]
    idle, load = blocks[0::2], blocks[1::2]
    baselines = [(before.power_mw + after.power_mw) / 2 for before, after in pairwise(idle)]
    above = np.array([block.power_mw for block in load]) - np.array(baselines)
    mw_above_idle = float(np.mean(above))
    noise_mw = _noise(idle, load)
    repeatability_mw = float(np.std(above, ddof=1) / math.sqrt(len(above))) if len(above) > 1 else 0
    resolution_mw = _resolution(record, resolution_ma)
    gain_mw = abs(mw_above_idle) * (accuracy_percent or 0.0) / 100 / math.sqrt(3)
    # noise within the blocks shows between them too: the larger of the two, not both
    parts = (max(noise_mw, repeatability_mw), resolution_mw, gain_mw)
    return PowerFigures(
        mw_above_idle=mw_above_idle,
        uncertainty_mw=COVERAGE * math.hypot(*parts),
        idle_mw=float(np.mean([block.power_mw for block in idle])),
        load_mw=float(np.mean([block.power_mw for block in load])),
        drift_mw=idle[-1].power_mw - idle[0].power_mw,
        noise_mw=noise_mw,
        repeatability_mw=repeatability_mw,
        resolution_mw=resolution_mw,
        gain_mw=gain_mw,
        blocks=tuple(blocks),
    )


def energy_mj(record: Recording, begin_s: float, end_s: float) -> float:
    """Energy between two moments by the trapezoidal rule, straight lines between samples.

    Raises MeasurementInvalid when the recording does not cover them.
    """
    times, power_mw = record.time_s, record.power_mw
    # half a period: the first sample of a meter cannot be there at once
    slack_s = record.period_s / 2 + 1e-9
    if len(times) < 2 or begin_s < times[0] - slack_s or end_s > times[-1] + slack_s:
        raise MeasurementInvalid(
            f"the power recording does not cover {begin_s:.2f} to {end_s:.2f} s"
            + (f", only {times[0]:.2f} to {times[-1]:.2f} s" if len(times) else "; it is empty")
        )
    inside = (times > begin_s) & (times < end_s)
    ends = np.interp([begin_s, end_s], times, power_mw)
    at = np.concatenate([[begin_s], times[inside], [end_s]])
    values = np.concatenate([ends[:1], power_mw[inside], ends[1:]])
    return _trapezoid(values, at)


def _spans(record: Recording) -> list[tuple[Literal["idle", "load"], float, float, float]]:
    """(kind, begin, end, doubt of the ends) of each block, in the order of time."""
    marks = sorted(record.marks, key=lambda mark: mark.time_s)
    spans: list[tuple[Literal["idle", "load"], float, float, float]] = []
    for begin, end in zip(marks[0::2], marks[1::2], strict=False):
        kind: Literal["idle", "load"] = "idle" if begin.label == "idle_begin" else "load"
        if (begin.label, end.label) != (f"{kind}_begin", f"{kind}_end"):
            raise MeasurementInvalid(f"mark {end.label} follows {begin.label}: no block")
        spans.append((kind, begin.time_s, end.time_s, max(begin.uncertainty_s, end.uncertainty_s)))
    kinds = [kind for kind, *_ in spans]
    wanted = ["idle" if at % 2 == 0 else "load" for at in range(len(kinds))]
    if len(marks) % 2 or len(kinds) < 3 or len(kinds) % 2 == 0 or kinds != wanted:
        raise MeasurementInvalid(
            f"power needs blocks idle, load, idle, ..., idle; found {', '.join(kinds) or 'none'}"
        )
    return spans


def _block(
    record: Recording, kind: Literal["idle", "load"], begin_s: float, end_s: float, skip_s: float
) -> Block:
    first_s, last_s = begin_s + skip_s, end_s - skip_s
    inside = (record.time_s >= first_s) & (record.time_s <= last_s)
    samples = int(np.sum(inside))
    if last_s <= first_s or samples < MIN_BLOCK_SAMPLES:
        raise MeasurementInvalid(
            f"{samples} power samples in the {kind} block at {begin_s:.1f} s, "
            f"{MIN_BLOCK_SAMPLES} needed; use longer blocks"
        )
    power_mw = energy_mj(record, first_s, last_s) / (last_s - first_s)
    return Block(
        kind, begin_s, end_s, power_mw, _batch_noise(record.power_mw[inside]), samples, skip_s
    )


def _batch_noise(power_mw: Series) -> float:
    """Standard uncertainty of the mean by batch means, which allow for slow noise."""
    batches = max(2, min(MAX_BATCHES, len(power_mw) // 2))
    means = np.array([np.mean(part) for part in np.array_split(power_mw, batches)])
    return float(np.std(means, ddof=1) / math.sqrt(batches))


def _noise(idle: list[Block], load: list[Block]) -> float:
    """Of the mean difference: an inner idle block serves two load blocks, an outer one half."""
    count = len(load)
    weights = [1.0] * (len(idle))
    weights[0] = weights[-1] = 0.5
    squares = sum(block.noise_mw**2 for block in load)
    squares += sum((w * block.noise_mw) ** 2 for w, block in zip(weights, idle, strict=True))
    return math.sqrt(squares) / count


def _resolution(record: Recording, resolution_ma: float | None) -> float:
    """Half a step either way on load and on idle, as two rectangular errors."""
    if resolution_ma is None:
        return 0.0
    step_mw = resolution_ma * float(np.median(record.voltage_v))
    return step_mw / math.sqrt(12) * math.sqrt(2)


def _trapezoid(values: Series, at: Series) -> float:
    return float(np.sum(np.diff(at) * (values[:-1] + values[1:]) / 2))

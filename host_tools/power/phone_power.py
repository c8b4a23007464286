# SPDX-License-Identifier: Apache-2.0
"""What a phone takes from its battery, from samples of the gauge; unknown rather than guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from host_tools.power.phone_calibration import Calibration, calibrate
from host_tools.power.phone_gauge import GaugeSample

MIN_SAMPLES = 5
MIN_SPAN_S = 10.0
MIN_UPDATES = 3
"""Changes of the current: some gauges give a new value only every ten seconds."""


@dataclass(frozen=True)
class PowerReading:
    """Mean power of the whole phone in mW, None when unknown, and how or why not it is known.

    ``current_ua`` is positive while discharging; ``voltage_mv`` is the median; ``count_ua`` is what
    a count of the gauge stands for, negative where its numbers are negative while discharging.
    """

    power_mw: float | None
    why: str
    current_ua: float | None = None
    voltage_mv: float | None = None
    count_ua: int | None = None


def read_power(
    samples: list[GaugeSample],
    powered_by: Sequence[str] | None,
    known: Calibration | None = None,
) -> PowerReading:
    """Power over the time of the samples.

    *powered_by* are the sources that feed the phone, None when that is not known; *known* is an
    earlier calibration of the same phone, for what these samples do not tell themselves.
    """
    trouble = _trouble(samples, powered_by)
    if trouble is not None:
        return PowerReading(None, trouble)
    calibration = calibrate(samples)
    unit_ua, why = _unit(calibration, known)
    if unit_ua is None or calibration.discharge_sign is None:
        return PowerReading(None, calibration.why)
    if _contradicts(calibration, known):
        return PowerReading(None, f"{calibration.why}; an earlier calibration says otherwise")
    voltages_mv = [sample.voltage_mv for sample in samples if sample.voltage_mv is not None]
    count_ua = unit_ua * calibration.discharge_sign
    current_ua = count_ua * _mean_current(samples)
    voltage_mv = float(median(voltages_mv))
    return PowerReading(current_ua * voltage_mv / 1e6, why, current_ua, voltage_mv, count_ua)


def _trouble(samples: list[GaugeSample], powered_by: Sequence[str] | None) -> str | None:
    """Why no power can come of it; None when one can."""
    if powered_by is None:
        return "it is not known whether the phone is fed from outside"
    if powered_by:
        return f"the phone is fed by {', '.join(powered_by)}: its battery does not tell the power"
    if len(samples) < MIN_SAMPLES:
        return f"{len(samples)} samples of the gauge, {MIN_SAMPLES} needed"
    span_s = samples[-1].time_s - samples[0].time_s
    if span_s < MIN_SPAN_S:
        return f"{span_s:.1f} s of samples, {MIN_SPAN_S:g} s needed"
    statuses = sorted({sample.status or "unknown" for sample in samples})
    if statuses != ["discharging"]:
        return f"battery status is {', '.join(statuses)}, not discharging all the time"
    if not any(sample.current for sample in samples):
        return "the gauge gives no current"
    updates = sum(first.current != second.current for first, second in pairwise(samples))
    if updates < MIN_UPDATES:
        return f"the gauge's current changed {updates} times, {MIN_UPDATES} needed; sample longer"
    if all(sample.voltage_mv is None for sample in samples):
        return "the gauge gives no voltage of a battery"
    return None


def _unit(calibration: Calibration, known: Calibration | None) -> tuple[int | None, str]:
    if calibration.unit_ua is not None or known is None or known.unit_ua is None:
        return calibration.unit_ua, calibration.why
    return known.unit_ua, f"{calibration.why}; unit as earlier: {known.why}"


def _contradicts(calibration: Calibration, known: Calibration | None) -> bool:
    if known is None:
        return False
    pairs = (
        (calibration.unit_ua, known.unit_ua),
        (calibration.discharge_sign, known.discharge_sign),
    )
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _mean_current(samples: list[GaugeSample]) -> float:
    """Mean over time, in counts, with the driver's sign."""
    pairs = pairwise(samples)
    charge = sum((a.current + b.current) / 2 * (b.time_s - a.time_s) for a, b in pairs)
    return charge / (samples[-1].time_s - samples[0].time_s)

# SPDX-License-Identifier: Apache-2.0
"""The clock fit against lines with known offset, rate and delays."""

from __future__ import annotations

import numpy as np
import pytest

from host_tools.power.clock import ClockFit
from host_tools.power.recording import Series


def fit(rate: float, seconds: float, delays_s: Series, offset_s: float = 100.0) -> ClockFit:
    clock = ClockFit()
    for meter_s, delay_s in zip(np.linspace(0, seconds, len(delays_s)), delays_s, strict=True):
        clock.add(float(meter_s), float(offset_s + meter_s / rate + delay_s))
    return clock


@pytest.mark.parametrize("ppm", [-2000.0, -50.0, 0.0, 50.0, 2000.0])
def test_a_rate_error_is_found_under_delays(ppm: float) -> None:
    delays_s = np.random.default_rng(1).exponential(3e-3, 2000)
    line = fit(1 + ppm * 1e-6, 60.0, delays_s).line()
    assert line.error_ppm == pytest.approx(ppm, abs=10.0)
    assert line.at(np.array([30.0]))[0] == pytest.approx(100 + 30 / (1 + ppm * 1e-6), abs=1e-3)
    assert line.delay_s == pytest.approx(3e-3, rel=0.2)


def test_a_long_stall_of_the_computer_does_not_bend_the_line() -> None:
    delays_s = np.random.default_rng(2).exponential(2e-3, 2000)
    delays_s[1000:1100] += np.linspace(0.5, 0.0, 100)
    assert fit(1.0, 100.0, delays_s).line().error_ppm == pytest.approx(0.0, abs=10.0)


def test_a_rate_that_the_delays_hide_is_not_told() -> None:
    delays_s = np.random.default_rng(3).exponential(20e-3, 20)
    line = fit(1.0001, 11.0, delays_s).line()
    assert line.error_ppm is None
    assert line.seconds_per_meter_second == 1.0


def test_a_short_recording_tells_no_rate() -> None:
    assert fit(1.01, 9.0, np.zeros(100)).line().error_ppm is None
    assert fit(1.01, 11.0, np.zeros(100)).line().error_ppm == pytest.approx(10_000)


def test_one_arrival_is_enough_for_an_offset() -> None:
    clock = ClockFit()
    clock.add(2.0, 12.5)
    assert clock.line().at(np.array([3.0]))[0] == 13.5


def test_memory_does_not_grow_with_the_recording() -> None:
    clock = fit(1.0, 3600.0, np.random.default_rng(4).exponential(2e-3, 50_000))
    assert len(clock._hull) < 200

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.errors import DataError, MeasurementInvalid
from host_tools.power.energy import energy_mj, power_figures
from host_tools.power.recording import Mark, recording
from tests.power.traces import as_recording, block_marks, square_load


@given(st.floats(0.5, 50.0), st.floats(5.0, 60.0), st.integers(200, 3000))
def test_a_sine_of_known_energy_is_integrated_to_half_a_percent(
    swing_mw: float, period_s: float, samples: int
) -> None:
    time_s = np.linspace(0.0, 60.0, samples)
    power_mw = 100.0 + swing_mw * np.sin(2 * math.pi * time_s / period_s)
    begin_s, end_s = 3.3, 51.7
    turn = 2 * math.pi / period_s
    sines_mj = swing_mw / turn * (math.cos(turn * begin_s) - math.cos(turn * end_s))
    known_mj = 100.0 * (end_s - begin_s) + sines_mj
    found_mj = energy_mj(as_recording(time_s, power_mw, ()), begin_s, end_s)
    assert found_mj == pytest.approx(known_mj, rel=0.005)


def test_samples_at_uneven_times_weigh_as_long_as_they_last() -> None:
    time_s = np.concatenate([np.arange(0, 5, 0.01), np.arange(5, 10.1, 0.5)])
    found_mj = energy_mj(as_recording(time_s, 10.0 * time_s, ()), 0.0, 10.0)
    assert found_mj == pytest.approx(500.0, rel=1e-9)


def test_the_load_is_told_from_a_baseline_that_drifts_evenly() -> None:
    marks = block_marks(pairs=2, block_s=10.0)
    time_s, power_mw = square_load(marks, 0.01, idle_mw=400.0, above_mw=20.0)
    figures = power_figures(as_recording(time_s, power_mw + 0.5 * time_s, marks))
    assert figures.mw_above_idle == pytest.approx(20.0, rel=0.005)
    assert figures.drift_mw == pytest.approx(0.5 * 40.0, rel=0.01)
    assert figures.uj_per_frame == pytest.approx(200.0, rel=0.005)


@pytest.mark.parametrize("noise", ["white", "slow"])
def test_95_of_100_noisy_traces_lie_within_their_stated_uncertainty(noise: str) -> None:
    marks = block_marks(pairs=3, block_s=10.0)
    time_s, power_mw = square_load(marks, 0.05, idle_mw=400.0, above_mw=20.0)
    hits = 0
    for seed in range(100):
        noise_mw = np.random.default_rng(seed).normal(0.0, 30.0, len(time_s))
        if noise == "slow":
            noise_mw = np.convolve(noise_mw, np.ones(10) / 10, mode="same")
        figures = power_figures(as_recording(time_s, power_mw + noise_mw, marks))
        hits += abs(figures.mw_above_idle - 20.0) <= figures.uncertainty_mw
        assert figures.uncertainty_mw < 15.0
    assert hits >= 95


def test_a_coarse_meter_and_a_doubtful_gain_widen_the_uncertainty() -> None:
    marks = block_marks(pairs=1, block_s=10.0)
    exact = as_recording(*square_load(marks, 0.01, 400.0, 20.0), marks)
    plain = power_figures(exact)
    coarse = power_figures(exact, resolution_ma=1.0)
    gain = power_figures(exact, accuracy_percent=5.0)
    assert plain.uncertainty_mw < 0.1
    assert coarse.uncertainty_mw == pytest.approx(2.2 * 3.8 / math.sqrt(6), rel=0.01)
    assert gain.uncertainty_mw == pytest.approx(2.2 * 20.0 * 0.05 / math.sqrt(3), rel=0.01)


def test_what_a_slow_meter_still_shows_of_the_neighbour_is_left_out() -> None:
    marks = block_marks(pairs=2, block_s=10.0)
    time_s, power_mw = square_load(marks, 0.25, idle_mw=400.0, above_mw=20.0)
    late = np.concatenate([np.full(4, power_mw[0]), power_mw[:-4]])  # one second behind
    record = as_recording(time_s, late, marks)
    assert power_figures(record).mw_above_idle < 19.0
    assert power_figures(record, settle_s=1.0).mw_above_idle == pytest.approx(20.0)


def test_marks_of_doubtful_time_do_not_shift_the_load() -> None:
    true_marks = block_marks(pairs=2, block_s=10.0)
    time_s, power_mw = square_load(true_marks, 0.01, idle_mw=400.0, above_mw=20.0)
    off = tuple(Mark(mark.label, mark.time_s + 0.4, 0.5) for mark in true_marks[:-1])
    record = as_recording(time_s, power_mw, (*off, true_marks[-1]))
    assert power_figures(record).mw_above_idle == pytest.approx(20.0)


@pytest.mark.parametrize(
    "labels",
    [
        [],
        ["idle_begin", "idle_end"],
        ["idle_begin", "idle_end", "load_begin", "load_end"],
        ["idle_begin", "load_begin", "load_end", "idle_end"],
        ["load_begin", "load_end", "idle_begin", "idle_end", "load_begin", "load_end"],
        ["idle_begin", "idle_end", "load_begin", "load_end", "idle_begin"],
    ],
    ids=lambda labels: " ".join(labels) or "none",
)
def test_marks_that_do_not_alternate_give_no_figures(labels: list[str]) -> None:
    marks = tuple(Mark(label, 1.0 + at) for at, label in enumerate(labels))  # type: ignore[arg-type]
    time_s = np.arange(0.0, 10.0, 0.01)
    with pytest.raises(MeasurementInvalid, match=r"idle|mark"):
        power_figures(as_recording(time_s, np.ones(len(time_s)), marks))


def test_a_block_with_too_few_samples_is_refused_with_its_place() -> None:
    marks = block_marks(pairs=1, block_s=10.0)
    record = as_recording(*square_load(marks, 4.0, 400.0, 20.0), marks)
    with pytest.raises(MeasurementInvalid, match=r"idle block at 0\.0 s"):
        power_figures(record)


def test_a_recording_that_ends_early_is_refused() -> None:
    marks = block_marks(pairs=1, block_s=10.0)
    time_s, power_mw = square_load(marks, 0.01, 400.0, 20.0)
    with pytest.raises(MeasurementInvalid, match="does not cover"):
        power_figures(as_recording(time_s[:2500], power_mw[:2500], marks))


def test_samples_that_are_no_numbers_are_dropped_and_counted() -> None:
    record = recording("m", [0.0, 1.0, 2.0, 3.0], [1.0, np.nan, 1.0, 1.0], [5.0, 5.0, np.inf, 5.0])
    assert record.time_s.tolist() == [0.0, 3.0]
    assert record.dropped_samples == 2


@pytest.mark.parametrize("times", [[0.0, 2.0, 1.0], [0.0, 1.0, 1.0]])
def test_times_that_do_not_rise_are_refused(times: list[float]) -> None:
    with pytest.raises(DataError, match="m: time does not rise"):
        recording("m", times, [1.0] * 3, [5.0] * 3)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="not of one length"):
        recording("m", [0.0, 1.0], [1.0], [5.0])

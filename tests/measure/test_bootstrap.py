# SPDX-License-Identifier: Apache-2.0
"""Bootstrap intervals are repeatable, cover what they should and pair what belongs together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.measure.bootstrap import interval, paired_interval

some_values = st.lists(st.floats(-100, 100), min_size=1, max_size=40)


@given(some_values)
def test_the_same_values_give_the_same_interval_around_their_mean(values: list[float]) -> None:
    first, again = interval(values), interval(list(values))
    assert first is not None and first == again
    assert first.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert min(values) - 1e-9 <= first.low <= first.high <= max(values) + 1e-9


@given(some_values, st.floats(-10, 10))
def test_adding_a_constant_moves_the_whole_interval(values: list[float], shift: float) -> None:
    plain, moved = interval(values), interval([value + shift for value in values])
    assert plain is not None and moved is not None
    for before, after in (
        (plain.mean, moved.mean),
        (plain.low, moved.low),
        (plain.high, moved.high),
    ):
        assert after == pytest.approx(before + shift, abs=1e-6)


@given(some_values)
def test_a_system_differs_from_itself_by_exactly_nothing(values: list[float]) -> None:
    found = paired_interval(values, values)
    assert found is not None and (found.mean, found.low, found.high) == (0.0, 0.0, 0.0)


def test_unknown_values_are_left_out_and_counted() -> None:
    found = interval([1.0, None, 3.0])
    assert found is not None and (found.mean, found.count) == (2.0, 2)
    paired = paired_interval([1.0, None, 3.0, 4.0], [0.0, 1.0, None, 1.0])
    assert paired is not None and (paired.mean, paired.count) == (2.0, 2)


def test_nothing_known_has_no_interval() -> None:
    assert interval([]) is None and interval([None, None]) is None


def test_pairing_removes_what_mixtures_have_in_common() -> None:
    generator = np.random.default_rng(0)
    hard = generator.normal(0, 10, 50)
    ours, theirs = hard + generator.normal(1.0, 0.1, 50), hard
    paired, alone = paired_interval(list(ours), list(theirs)), interval(list(ours))
    assert paired is not None and alone is not None
    assert paired.high - paired.low < 0.1 < alone.high - alone.low


def test_about_95_of_100_intervals_cover_the_true_mean() -> None:
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        found = interval(list(generator.normal(5.0, 2.0, 60)))
        assert found is not None
        covered += found.low <= 5.0 <= found.high
    assert 0.91 <= covered / 400 <= 0.98


def test_series_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError):
        paired_interval([1.0], [1.0, 2.0])

# SPDX-License-Identifier: Apache-2.0
"""Percentiles are observed values; repeats give median and range."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.measure.statistics import distribution, repeats

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300)


@given(values)
def test_every_percentile_is_one_of_the_values_and_they_are_ordered(data: list[float]) -> None:
    found = distribution(data)
    assert {found.p50, found.p95, found.p99, found.max} <= set(data)
    assert found.p50 <= found.p95 <= found.p99 <= found.max == max(data)


@given(values)
def test_at_least_the_named_share_of_values_lies_at_or_below_a_percentile(
    data: list[float],
) -> None:
    found = distribution(data)
    for share, value in ((0.5, found.p50), (0.95, found.p95), (0.99, found.p99)):
        assert sum(x <= value for x in data) >= share * len(data)
        assert sum(x < value for x in data) < share * len(data)


def test_percentiles_of_one_to_a_hundred() -> None:
    found = distribution(range(100, 0, -1))
    assert (found.p50, found.p95, found.p99, found.max) == (50, 95, 99, 100)


def test_repeats_give_median_range_and_half_spread() -> None:
    found = repeats([2.0, 1.0, 4.0, 2.5, 2.1])
    assert (found.median, found.low, found.high, found.count) == (2.1, 1.0, 4.0, 5)
    assert found.spread_percent == pytest.approx(100 * 1.5 / 2.1)


def test_nothing_has_no_statistics() -> None:
    with pytest.raises(ValueError, match="no values"):
        distribution([])
    with pytest.raises(ValueError, match="no runs"):
        repeats([])

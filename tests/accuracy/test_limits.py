# SPDX-License-Identifier: Apache-2.0
"""Every figure of the accuracy table keeps its limit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.accuracy.measurements import MEASUREMENTS, Measurement
from tests.accuracy.report import line


@pytest.mark.parametrize("measure", MEASUREMENTS, ids=lambda m: m.__name__)
def test_the_c_signal_path_is_as_accurate_as_promised(
    measure: Callable[[], list[Measurement]],
) -> None:
    rows = measure()
    assert rows
    failures = [line(row) for row in rows if not row.passed]
    assert not failures, "\n".join(failures)


def test_a_figure_beyond_its_limit_is_reported_as_failed() -> None:
    assert not Measurement("a ratio", 89.9, 90.0, "dB", at_least=True).passed
    assert not Measurement("an error", 1.1, 1.0, "LSB").passed
    assert "FAIL" in line(Measurement("an error", 1.1, 1.0, "LSB"))

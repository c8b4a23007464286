# SPDX-License-Identifier: Apache-2.0
"""A clip is scored by every metric whose package is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from host_tools.measure import scores
from host_tools.measure.scores import METRICS, metric_versions, missing_packages, score

CLEAN = np.random.default_rng(0).normal(0, 3000, 96_000).astype(np.int16)
NOISY = (CLEAN + np.random.default_rng(1).normal(0, 300, 96_000)).astype(np.int16)


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str, *rest: Any) -> None:
        return None

    monkeypatch.setattr(scores.importlib.util, "find_spec", find)


@pytest.mark.usefixtures("nothing_installed")
def test_without_packages_only_si_sdr_is_known() -> None:
    found = score(CLEAN, NOISY)
    assert list(found) == list(METRICS)
    assert found.pop("si_sdr_db") == pytest.approx(20.0, abs=0.1)
    assert set(found.values()) == {None}


@pytest.mark.usefixtures("nothing_installed")
def test_packages_that_are_missing_are_named_by_metric_and_in_the_versions() -> None:
    assert missing_packages() == {"pesq_wb": "pesq", "stoi": "pystoi", "dnsmos": "speechmos"}
    assert metric_versions()["pesq"] == "missing"


def test_versions_are_those_of_the_installed_packages() -> None:
    assert metric_versions()["numpy"] == np.__version__

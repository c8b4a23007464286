# SPDX-License-Identifier: Apache-2.0
"""Agents for the tests of devices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_tools.devices.base import Samples
from tests.needs import need_build


@pytest.fixture(scope="session")
def agent() -> Path:
    """The real agent for this computer."""
    return need_build("host", "percepnet_agent")


@pytest.fixture(scope="session")
def noise() -> Callable[[int], Samples]:
    """Makes so many samples of loud noise, always the same."""

    def make(samples: int) -> Samples:
        generator = np.random.default_rng(7)
        return generator.integers(-20_000, 20_000, samples).astype(np.int16)

    return make

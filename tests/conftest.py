# SPDX-License-Identifier: Apache-2.0
"""Fixtures for all rooms."""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

from host_tools.network.checkpoint import random_checkpoint
from host_tools.network.profile import Profile
from host_tools.quantize.image import save_image
from host_tools.quantize.weights import quantize_checkpoint

# Test machines are shared: an example's time says nothing about it.
settings.register_profile("shared_machine", deadline=None)
settings.load_profile("shared_machine")

# What a shell runs in the background ignores ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

SMALL = Profile("example", fc=16, conv1=32, conv2=32, gru=32, gru_gb=32, gru_rb=16)


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Image of a small untrained model: enough for all that does not judge the sound."""
    path = tmp_path_factory.mktemp("model") / "example.pnm"
    save_image(quantize_checkpoint(random_checkpoint(SMALL, seed=1)), path)
    return str(path)

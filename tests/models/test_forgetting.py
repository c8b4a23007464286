# SPDX-License-Identifier: Apache-2.0
"""What a shipped model heard long ago leaves no bit in its output."""

from __future__ import annotations

import numpy as np
import pytest

from host_tools.devices import DELAY_SAMPLES, FRAME_SAMPLES, open_device
from host_tools.measure.clip import load_clip
from tests.needs import need_build

SECOND = 48_000


@pytest.mark.slow
@pytest.mark.parametrize("model", ["percepnet", "percepnet-sparse"])
def test_two_pasts_end_in_the_same_bits_after_a_minute_of_the_same_sound(model: str) -> None:
    need_build("host", "percepnet_agent")
    noisy = load_clip().noisy
    noisy = noisy[: len(noisy) // FRAME_SAMPLES * FRAME_SAMPLES]
    hiss = np.random.default_rng(1).normal(0, 200, 7 * len(noisy))  # no loop: sound never repeats
    same = np.tile(noisy, 7) // 2 + hiss.astype(np.int16)
    with open_device("host", model=model) as device:
        outputs = [
            device.run(np.concatenate([past, same])).pcm[len(past) + DELAY_SAMPLES :]
            for past in (noisy[::-1] // 2, np.zeros(2 * SECOND, np.int16))
        ]
    early, late = slice(0, 5 * SECOND), slice(75 * SECOND, None)
    assert np.any(outputs[0][early] != outputs[1][early])
    assert np.array_equal(outputs[0][late], outputs[1][late])

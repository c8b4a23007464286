# SPDX-License-Identifier: Apache-2.0
"""States settle at frames that the features choose, alike in C and NumPy, and forget the past."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.exchange.c_network import CNetwork
from host_tools.network.profile import FEATURES
from host_tools.quantize.image import write_image
from host_tools.quantize.integer_model import IntegerNetwork
from host_tools.quantize.settle import LARGEST_Q24, settle_keys, settle_q24
from host_tools.quantize.weights import quantize_checkpoint
from tests.kernels.lab import available_kernels
from tests.quantize.models import extreme_features, plausible_features, slow_gates


def test_one_frame_in_256_is_due() -> None:
    share = np.count_nonzero(settle_keys(plausible_features(60_000, 1))) / 60_000
    assert 0.8 / 256 < share < 1.2 / 256


def test_equal_features_are_due_alike_wherever_they_stand() -> None:
    features = plausible_features(4000, 2)
    assert np.array_equal(settle_keys(features)[1000:], settle_keys(features[1000:]))


def test_features_of_silence_are_never_due() -> None:
    assert not settle_keys(np.zeros((1, FEATURES), np.int16)).any()


@given(h_q24=st.integers(-LARGEST_Q24, LARGEST_Q24), key=st.integers(1, 2**32 - 1))
def test_a_settled_state_is_near_in_range_and_stays(h_q24: int, key: int) -> None:
    settled = settle_q24(np.array([h_q24]), key)
    assert abs(int(settled[0]) - h_q24) <= 1 << 20
    assert abs(int(settled[0])) <= LARGEST_Q24
    assert np.array_equal(settle_q24(settled, key), settled)


def test_close_states_become_one_for_nearly_every_key() -> None:
    generator = np.random.default_rng(4)
    states = generator.integers(-LARGEST_Q24, LARGEST_Q24 - 1000, 2000)
    same = [settle_q24(states, key) == settle_q24(states + 1000, key) for key in range(1, 50)]
    assert np.mean(same) > 0.999
    assert np.mean(np.any(same, axis=0)) == 1.0


def frames_around_due_ones() -> np.ndarray:
    """Features [T, 70] in which due frames are first and second of a packet, and two in a row."""
    features = plausible_features(4000, 3)
    due = features[settle_keys(features) != 0]
    others = features[:6]
    return np.concatenate([others[:2], due[:1], others[2:4], due[1:4], others[4:]])


@pytest.mark.parametrize("per_call", [1, 2])
def test_c_settles_at_the_same_frames_to_the_same_bits(per_call: int) -> None:
    model = quantize_checkpoint(slow_gates(5.0))
    features = frames_around_due_ones()
    wanted = IntegerNetwork(model).run(features)
    for kernel in available_kernels():
        got = CNetwork(write_image(model), kernel).run(features, per_call)
        assert np.array_equal(got.gain_q15, wanted.gain_q15)
        assert np.array_equal(got.strength_q15, wanted.strength_q15)


def test_two_pasts_lead_to_the_same_bits_after_half_a_minute_of_the_same_sound() -> None:
    image = write_image(quantize_checkpoint(slow_gates(4.0)))
    same = plausible_features(3000, 5)
    outputs = []
    for past in (plausible_features(300, 6), extreme_features(300, 7)):
        network = CNetwork(image)
        network.run(past)
        outputs.append(network.run(same).gain_q15)
    assert np.any(outputs[0][:100] != outputs[1][:100])
    assert np.array_equal(outputs[0][-100:], outputs[1][-100:])

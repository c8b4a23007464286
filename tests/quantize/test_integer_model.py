# SPDX-License-Identifier: Apache-2.0
"""The NumPy integer network and the C one give the same bits; both follow the float network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.exchange.c_network import CNetwork
from host_tools.network.checkpoint import Checkpoint, random_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.network.profile import Profile
from host_tools.quantize.calibrate import compare
from host_tools.quantize.image import write_image
from host_tools.quantize.integer_model import IntegerNetwork, IntegerOutput
from host_tools.quantize.settle import settle_keys
from host_tools.quantize.weights import quantize_checkpoint
from tests.kernels.lab import available_kernels
from tests.quantize.models import (
    ODD_KERNELS,
    SMALL,
    Int16Array,
    extreme_features,
    loud_checkpoint,
    plausible_features,
    slow_gates,
)

FULL = Profile()


def assert_equal(c: IntegerOutput, numpy: IntegerOutput) -> None:
    assert np.array_equal(c.gain_q15, numpy.gain_q15)
    assert np.array_equal(c.strength_q15, numpy.strength_q15)
    assert np.array_equal(c.voice_q15, numpy.voice_q15)


@settings(max_examples=25)
@given(
    profile=st.sampled_from([SMALL, ODD_KERNELS]),
    seed=st.integers(0, 10**6),
    loudness=st.sampled_from([0.1, 1.0, 6.0]),
    extreme=st.booleans(),
    per_call=st.sampled_from([1, 2]),
)
def test_c_and_numpy_agree_to_the_bit_for_every_kernel(
    profile: Profile, seed: int, loudness: float, extreme: bool, per_call: int
) -> None:
    model = quantize_checkpoint(loud_checkpoint(profile, seed, loudness))
    features = (extreme_features if extreme else plausible_features)(9, seed)
    wanted = IntegerNetwork(model).run(features)
    for kernel in available_kernels():
        assert_equal(CNetwork(write_image(model), kernel).run(features, per_call), wanted)


def test_loud_networks_do_saturate_so_that_the_comparison_covers_it() -> None:
    network = IntegerNetwork(quantize_checkpoint(loud_checkpoint(SMALL, 1, 6.0)))
    network.run(extreme_features(9, 1))
    assert network.saturation.features > 0
    assert sum(network.saturation.pre_activations.values()) > 0


@pytest.mark.slow
def test_the_full_size_network_agrees_to_the_bit() -> None:
    model = quantize_checkpoint(random_checkpoint(FULL, 5))
    features = plausible_features(20, 5)
    wanted = IntegerNetwork(model).run(features)
    image = write_image(model)
    for kernel in available_kernels():
        assert_equal(CNetwork(image, kernel).run(features), wanted)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), frames=st.integers(1, 12))
def test_a_packet_of_two_frames_is_two_frames(seed: int, frames: int) -> None:
    image = write_image(quantize_checkpoint(random_checkpoint(SMALL, seed)))
    features = plausible_features(frames, seed)
    for kernel in available_kernels():
        single = CNetwork(image, kernel).run(features, 1)
        assert_equal(CNetwork(image, kernel).run(features, 2), single)


def test_packets_and_frames_may_alternate() -> None:
    image = write_image(quantize_checkpoint(random_checkpoint(SMALL, 2)))
    features = plausible_features(7, 2)
    wanted = CNetwork(image).run(features, 1)
    mixed = CNetwork(image)
    parts = [mixed.run(features[a:b], n) for a, b, n in ((0, 1, 1), (1, 5, 2), (5, 7, 1))]
    assert np.array_equal(np.concatenate([p.gain_q15 for p in parts]), wanted.gain_q15)


def test_the_numpy_network_streams() -> None:
    model = quantize_checkpoint(random_checkpoint(SMALL, 2))
    features = plausible_features(11, 2)
    whole = IntegerNetwork(model).run(features)
    network = IntegerNetwork(model)
    parts = [network.run(part) for part in np.split(features, [1, 4, 10])]
    assert np.array_equal(np.concatenate([p.gain_q15 for p in parts]), whole.gain_q15)
    network.reset()
    assert np.array_equal(network.run(features).strength_q15, whole.strength_q15)


def relative_gap(seed: int, features: Int16Array) -> float:
    """Largest distance of the integer outputs from the float ones, in units of 1."""
    checkpoint = random_checkpoint(SMALL, seed)
    real = FloatNetwork(checkpoint).run(features)
    got = IntegerNetwork(quantize_checkpoint(checkpoint)).run(features)
    return max(
        float(np.abs(real.gain - got.gain_q15 / 32768.0).max()),
        float(np.abs(real.strength - got.strength_q15 / 32768.0).max()),
        float(np.abs(real.voice - got.voice_q15 / 32768.0).max()),
    )


@pytest.mark.parametrize("seed", range(4))
def test_integer_outputs_stay_within_three_percent_of_the_float_network(seed: int) -> None:
    assert relative_gap(seed, plausible_features(60, seed)) < 0.03


@pytest.mark.parametrize("seed", range(2))
def test_extreme_features_are_clamped_alike_in_both_networks(seed: int) -> None:
    assert relative_gap(seed, extreme_features(60, seed)) < 0.03


def layer_ratios_db(checkpoint: Checkpoint, features: Int16Array) -> dict[str, float]:
    """Signal-to-noise ratio of every layer of the integer network, in dB."""
    report = compare(checkpoint, quantize_checkpoint(checkpoint), features)
    return {layer.name: layer.signal_to_noise_db for layer in report.layers}


@pytest.mark.parametrize("update_bias", [4.5, 5.4, 8.5])
def test_slow_update_gates_keep_their_speed(update_bias: float) -> None:
    features = plausible_features(400, 4)
    # what settling changes is no error of the gates
    features = features[settle_keys(features) == 0]
    ratios = layer_ratios_db(slow_gates(update_bias), features)
    assert ratios["gru1"] > 15.0


def test_features_of_another_width_are_refused() -> None:
    network = IntegerNetwork(quantize_checkpoint(random_checkpoint(SMALL, 1)))
    with pytest.raises(ValueError, match=r"\[T, 70\]"):
        network.run(np.zeros((3, 69), np.int16))

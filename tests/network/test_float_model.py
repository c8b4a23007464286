# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from host_tools.network.checkpoint import Checkpoint, random_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.network.profile import Profile

SMALL = Profile("small", fc=8, conv1=12, conv2=12, gru=12, gru_gb=12, gru_rb=8)


def features(frames: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(9000, 5000, (frames, 70)).astype(np.int16)


def test_frames_one_by_one_give_what_all_at_once_give() -> None:
    checkpoint, x = random_checkpoint(SMALL, seed=2), features(12)
    whole = FloatNetwork(checkpoint).run(x)
    network = FloatNetwork(checkpoint)
    single = [network.run(x[t : t + 1]) for t in range(len(x))]
    assert np.allclose(np.concatenate([s.gain for s in single]), whole.gain, atol=1e-12)
    assert np.allclose(np.concatenate([s.strength for s in single]), whole.strength, atol=1e-12)
    assert np.allclose(np.concatenate([s.voice for s in single]), whole.voice, atol=1e-12)


def test_reset_forgets_everything() -> None:
    network, x = FloatNetwork(random_checkpoint(SMALL, seed=2)), features(9)
    first = network.run(x)
    network.reset()
    assert np.array_equal(network.run(x).gain, first.gain)


def test_output_depends_on_the_past_only() -> None:
    checkpoint, x = random_checkpoint(SMALL, seed=2), features(20)
    changed = x.copy()
    changed[10:] = features(10, seed=5)
    first, second = FloatNetwork(checkpoint).run(x), FloatNetwork(checkpoint).run(changed)
    assert np.array_equal(first.gain[:10], second.gain[:10])
    assert not np.allclose(first.gain[10], second.gain[10])


def test_network_with_zero_weights_answers_one_half() -> None:
    checkpoint = random_checkpoint(SMALL, seed=1)
    zeros = {n: np.zeros_like(t) for n, t in checkpoint.tensors.items()}
    zeros["feature_std"] = np.ones(70, np.float32)
    output = FloatNetwork(Checkpoint(SMALL, zeros)).run(features(3))
    assert np.all(output.gain == 0.5) and np.all(output.strength == 0.5)
    assert output.gain.shape == (3, 34) and output.voice.shape == (3,)


def test_extreme_features_stay_finite() -> None:
    x = np.full((5, 70), -32768, np.int16)
    x[::2] = 32767
    output = FloatNetwork(random_checkpoint(SMALL, seed=3), np.float32).run(x)
    assert np.isfinite(output.gain).all() and np.isfinite(output.strength).all()


def test_features_of_wrong_width_are_refused() -> None:
    with pytest.raises(ValueError, match="70"):
        FloatNetwork(random_checkpoint(SMALL, seed=3)).run(np.zeros((4, 69), np.int16))

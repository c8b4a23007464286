# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from host_tools.network.checkpoint import random_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.network.profile import Profile

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra 'train')")

from host_tools.network.losses import TargetBatch, compute_losses  # noqa: E402
from host_tools.network.recurrent import Gru  # noqa: E402
from host_tools.network.torch_model import Logits, Network  # noqa: E402

pytestmark = pytest.mark.training
SMALL = Profile("small", fc=8, conv1=12, conv2=12, gru=12, gru_gb=12, gru_rb=8)


def torch_gate_order(matrix: "torch.Tensor") -> "torch.Tensor":
    z, r, n = matrix.detach().chunk(3)
    return torch.cat([r, z, n])


def test_training_network_equals_the_numpy_network_across_chunks() -> None:
    checkpoint = random_checkpoint(SMALL, seed=2)
    network = Network(SMALL)
    network.load_tensors(checkpoint)
    x = np.random.default_rng(0).normal(9000, 5000, (30, 70)).astype(np.int16)
    state, gains, strengths, voices = network.initial_state(1), [], [], []
    with torch.no_grad():
        for part in np.split(x, [11, 20]):
            logits, state = network(torch.from_numpy(part.astype(np.float32))[:, None], state)
            gains.append(torch.sigmoid(logits.gain[:, 0]))
            strengths.append(torch.sigmoid(logits.strength[:, 0]))
            voices.append(torch.sigmoid(logits.voice[:, 0]))
    expected = FloatNetwork(checkpoint).run(x)
    assert np.allclose(torch.cat(gains), expected.gain, atol=1e-5)
    assert np.allclose(torch.cat(strengths), expected.strength, atol=1e-5)
    assert np.allclose(torch.cat(voices), expected.voice, atol=1e-5)


def test_exported_tensors_are_those_that_were_loaded() -> None:
    checkpoint = random_checkpoint(SMALL, seed=2)
    network = Network(SMALL)
    network.load_tensors(checkpoint)
    exported = network.to_checkpoint({})
    assert set(exported.tensors) == set(checkpoint.tensors)
    for name, tensor in checkpoint.tensors.items():
        assert np.array_equal(exported.tensors[name], tensor)


def test_gru_and_its_gradients_equal_those_of_pytorch() -> None:
    torch.manual_seed(0)
    ours, theirs = Gru(6, 5), torch.nn.GRU(6, 5)
    with torch.no_grad():
        ours.recurrent_bias.normal_()
        theirs.weight_ih_l0.copy_(torch_gate_order(ours.input_weight))
        theirs.weight_hh_l0.copy_(torch_gate_order(ours.recurrent_weight))
        theirs.bias_ih_l0.copy_(torch_gate_order(ours.input_bias))
        theirs.bias_hh_l0.copy_(torch_gate_order(ours.recurrent_bias))
    x = torch.randn(9, 3, 6, requires_grad=True)
    x_theirs = x.detach().clone().requires_grad_()
    weight = torch.randn(9, 3, 5)
    states, last = ours(x, torch.zeros(3, 5))
    expected, expected_last = theirs(x_theirs)
    (states * weight).sum().backward()
    (expected * weight).sum().backward()
    pairs = [
        (states, expected),
        (last, expected_last[0]),
        (x.grad, x_theirs.grad),
        (torch_gate_order(ours.input_weight.grad), theirs.weight_ih_l0.grad),
        (torch_gate_order(ours.recurrent_weight.grad), theirs.weight_hh_l0.grad),
        (torch_gate_order(ours.recurrent_bias.grad), theirs.bias_hh_l0.grad),
    ]
    for mine, reference in pairs:
        assert torch.allclose(mine, reference, atol=1e-5)


def losses_of(gain: float, target: float, mask: float = 1.0) -> "Logits":
    shape = (4, 2, 34)
    logits = Logits(
        torch.full(shape, gain, requires_grad=True),
        torch.full(shape, gain, requires_grad=True),
        torch.zeros(4, 2, requires_grad=True),
    )
    targets = TargetBatch(
        torch.full(shape, target),
        torch.full(shape, target),
        torch.full(shape, mask),
        torch.zeros(4, 2),
        torch.ones(shape),
    )
    return logits, compute_losses(logits, targets)


@pytest.mark.parametrize("logit", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("target", [0.0, 0.5, 1.0])
def test_gradients_are_finite_at_the_ends_of_the_range(logit: float, target: float) -> None:
    logits, losses = losses_of(logit, target)
    losses.total.backward()
    assert torch.isfinite(logits.gain.grad).all() and torch.isfinite(logits.strength.grad).all()


def test_right_answer_costs_nothing_and_a_wrong_one_does() -> None:
    assert losses_of(60.0, 1.0)[1].gain.item() < 1e-6
    assert losses_of(-60.0, 1.0)[1].gain.item() > 5.0


def test_distortion_falls_as_the_output_comes_closer_to_clean_speech() -> None:
    losses = [losses_of(logit, 1.0)[1].distortion.item() for logit in (-3.0, 0.0, 3.0, 60.0)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(np.log(0.01), abs=0.01)


def test_distortion_leaves_out_sequences_without_speech() -> None:
    assert losses_of(0.0, 0.0)[1].distortion.item() == 0.0


def test_masked_bands_have_no_part_in_the_loss() -> None:
    _, losses = losses_of(60.0, 0.0, mask=0.0)
    assert losses.gain.item() == 0.0 and losses.strength.item() == 0.0

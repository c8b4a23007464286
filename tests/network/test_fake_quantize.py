# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from host_tools.network.checkpoint import Checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.network.profile import Profile
from host_tools.network.prune import kept_blocks
from host_tools.quantize.integer_model import IntegerNetwork
from host_tools.quantize.weights import quantize_checkpoint

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")

from host_tools.network.fake_quantize import (  # noqa: E402
    fake_quantize_activation,
    fake_quantize_rows,
)
from host_tools.network.settings import Settings  # noqa: E402
from host_tools.network.torch_model import Network  # noqa: E402
from host_tools.network.trainer import Trainer  # noqa: E402
from tests.network.test_training import shard  # noqa: E402

pytestmark = pytest.mark.training

TINY = Profile("tiny", 16, 16, 16, 16, 16, 16, 5, 3)


def trained_network(seed: int = 0) -> Network:
    """Random weights of the size of trained ones."""
    torch.manual_seed(seed)
    network = Network(TINY)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    network.feature_std.fill_(500.0)
    return network


def features(frames: int = 80) -> np.ndarray:
    return np.random.default_rng(1).integers(-1500, 1500, (frames, 70)).astype(np.int16)


def test_rows_are_rounded_as_the_quantizer_does() -> None:
    checkpoint = trained_network().to_checkpoint({})
    quantized = quantize_checkpoint(checkpoint).matrices["conv2"].weights
    weight = checkpoint.tensors["conv2.weight"]
    scale = np.abs(weight).max(axis=1, keepdims=True) / 127.0
    rounded = fake_quantize_rows(torch.from_numpy(weight)).numpy()
    assert np.array_equal(np.rint(rounded / scale), quantized)


def test_rounding_lets_the_gradient_pass() -> None:
    weight = torch.randn(4, 8, requires_grad=True)
    factor = torch.randn(4, 8)
    (fake_quantize_rows(weight) * factor).sum().backward()
    assert torch.equal(weight.grad, factor)
    values = torch.rand(8, requires_grad=True)
    (fake_quantize_activation(values) * 2.0).sum().backward()
    assert torch.equal(values.grad, torch.full((8,), 2.0))


def test_row_of_zeros_stays_zero() -> None:
    assert not fake_quantize_rows(torch.zeros(2, 4)).any()


def test_int8_aware_network_is_much_nearer_to_the_integers_than_the_float_one() -> None:
    network = trained_network()
    checkpoint = network.to_checkpoint({})
    arriving = features()
    integer = IntegerNetwork(quantize_checkpoint(checkpoint)).run(arriving).gain_q15 / 32768.0
    plain = FloatNetwork(checkpoint).run(arriving).gain
    network.int8_aware = True
    with torch.no_grad():
        frames = torch.from_numpy(arriving.astype(np.float32))[:, None]
        logits, _ = network(frames, network.initial_state(1))
    aware = torch.sigmoid(logits.gain[:, 0]).numpy()
    assert np.abs(aware - integer).mean() < 0.4 * np.abs(plain - integer).mean()


def test_int8_aware_training_goes_on_chunk_by_chunk_as_in_one_piece() -> None:
    network = trained_network()
    network.int8_aware = True
    frames = torch.from_numpy(features().astype(np.float32))[:, None]
    with torch.no_grad():
        whole, _ = network(frames, network.initial_state(1))
        first, state = network(frames[:30], network.initial_state(1))
        second, _ = network(frames[30:], state)
    assert torch.allclose(whole.gain, torch.cat([first.gain, second.gain]), atol=1e-5)


def pruned(checkpoint: Checkpoint) -> Checkpoint:
    tensors = {name: tensor.copy() for name, tensor in checkpoint.tensors.items()}
    tensors["conv2.weight"][:, 4:12] = 0.0
    tensors["gru1.input_weight"][16:32, :8] = 0.0
    return Checkpoint(checkpoint.profile, tensors, {})


@pytest.mark.parametrize("int8_aware", [False, True])
def test_zero_blocks_of_the_start_stay_zero(int8_aware: bool) -> None:
    start = pruned(trained_network().to_checkpoint({}))
    settings = Settings(batch=4, chunk_frames=20, int8_aware=int8_aware, threads=1)
    trainer = Trainer(TINY, settings, torch.device("cpu"), torch.float32)
    trainer.start_from(start)
    trainer.train_sequences(shard(0)[:4], progress=0.2)
    after = trainer.network.to_checkpoint({}).tensors
    assert not np.array_equal(after["conv2.weight"], start.tensors["conv2.weight"])
    assert not after["conv2.weight"][:, 4:12].any()
    assert not after["gru1.input_weight"][16:32, :8].any()
    assert not trainer.checkpoint({}).tensors["conv2.weight"][:, 4:12].any()


def test_dense_start_has_no_masks() -> None:
    checkpoint = trained_network().to_checkpoint({})
    assert kept_blocks(TINY, checkpoint.tensors) == {}
    assert set(kept_blocks(TINY, pruned(checkpoint).tensors)) == {
        "conv2.weight",
        "gru1.input_weight",
    }

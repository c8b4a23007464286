# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from host_tools.audio import read_mono
from host_tools.features import extract, lab_library_path
from host_tools.network.checkpoint import Checkpoint, load_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.network.profile import Profile
from host_tools.network.prune import kept_blocks
from host_tools.quantize.integer_model import IntegerNetwork
from host_tools.quantize.settle import settle_keys
from host_tools.quantize.weights import quantize_checkpoint
from tests.needs import ROOT, need

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")

from host_tools.network.data_stream import to_tensors  # noqa: E402
from host_tools.network.fake_quantize import activation_levels, row_levels  # noqa: E402
from host_tools.network.losses import compute_losses  # noqa: E402
from host_tools.network.recurrent import Gru  # noqa: E402
from host_tools.network.settings import Settings  # noqa: E402
from host_tools.network.torch_model import Network  # noqa: E402
from host_tools.network.trainer import Trainer  # noqa: E402
from tests.network.test_training import shard  # noqa: E402

pytestmark = pytest.mark.training

TINY = Profile("tiny", 16, 16, 16, 16, 16, 16, 5, 3)
PRECISIONS = pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16], ids=str)
MODELS = pytest.mark.parametrize("model", ["percepnet", "percepnet-sparse"])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small products take longer when they are shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


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


def gains_of(checkpoint: Checkpoint, arriving: np.ndarray, network: Network) -> np.ndarray:
    """Gains [T, 34] of a training network on features [T, 70]."""
    network.load_tensors(checkpoint)
    with torch.no_grad():
        frames = torch.from_numpy(arriving.astype(np.float32))[:, None]
        logits, _ = network(frames, network.initial_state(1))
    return torch.sigmoid(logits.gain[:, 0]).numpy()


def distances_to_integers(
    checkpoint: Checkpoint, arriving: np.ndarray, precision: "torch.dtype"
) -> tuple[float, float]:
    """Mean distance of gains from the integer network: int8-aware, and in floating point."""
    integer = IntegerNetwork(quantize_checkpoint(checkpoint)).run(arriving).gain_q15 / 32768.0
    aware = gains_of(checkpoint, arriving, Network(checkpoint.profile, precision, True))
    plain = FloatNetwork(checkpoint).run(arriving).gain
    return float(np.abs(aware - integer).mean()), float(np.abs(plain - integer).mean())


def demo_features(frames: int) -> np.ndarray:
    """Features of the bundled clip without the frames after which states settle: no rounding
    that training should learn."""
    need(lab_library_path().is_file(), "the host library is not built (make build)")
    features = extract(read_mono(ROOT / "host_tools" / "data" / "demo_noisy.flac"))
    return features[settle_keys(features) == 0][:frames]


def test_rows_are_rounded_as_the_quantizer_does() -> None:
    checkpoint = trained_network().to_checkpoint({})
    quantized = quantize_checkpoint(checkpoint).matrices["conv2"].weights
    levels, scale = row_levels(torch.from_numpy(checkpoint.tensors["conv2.weight"]))
    assert np.array_equal(levels.numpy(), quantized)
    largest = np.abs(checkpoint.tensors["conv2.weight"]).max(axis=1)
    assert np.allclose(scale.numpy(), largest / 127.0)


def test_levels_are_exact_in_bfloat16() -> None:
    levels = torch.arange(-127.0, 128.0)
    assert torch.equal(levels.bfloat16().float(), levels)


def test_rounding_lets_the_gradient_pass() -> None:
    weight = torch.randn(4, 8, requires_grad=True)
    factor = torch.randn(4, 8)
    levels, scale = row_levels(weight)
    (levels * scale[:, None] * factor).sum().backward()
    assert torch.allclose(weight.grad, factor)
    values = torch.rand(8, requires_grad=True)
    (activation_levels(values) / 127.0 * 2.0).sum().backward()
    assert torch.allclose(values.grad, torch.full((8,), 2.0))


def test_row_of_zeros_stays_zero_and_has_finite_gradients() -> None:
    weight = torch.zeros(2, 4, requires_grad=True)
    levels, scale = row_levels(weight)
    (levels * scale[:, None]).sum().backward()
    assert not levels.any()
    assert torch.isfinite(weight.grad).all()


@PRECISIONS
def test_random_int8_aware_network_is_much_nearer_to_the_integers_than_the_float_one(
    precision: "torch.dtype",
) -> None:
    checkpoint = trained_network().to_checkpoint({})
    aware, plain = distances_to_integers(checkpoint, features(), precision)
    assert aware < 0.4 * plain


@PRECISIONS
@MODELS
def test_trained_int8_aware_network_is_much_nearer_to_the_integers_than_the_float_one(
    model: str, precision: "torch.dtype"
) -> None:
    checkpoint = load_checkpoint(ROOT / "models" / model)
    aware, plain = distances_to_integers(checkpoint, demo_features(300), precision)
    assert aware < 0.6 * plain


@MODELS
def test_bfloat16_products_hardly_move_the_gains_of_a_trained_network(model: str) -> None:
    checkpoint = load_checkpoint(ROOT / "models" / model)
    arriving = demo_features(300)
    exact = gains_of(checkpoint, arriving, Network(checkpoint.profile, torch.float32))
    coarse = gains_of(checkpoint, arriving, Network(checkpoint.profile, torch.bfloat16))
    assert np.abs(coarse - exact).mean() < 1e-3


def gru_gradients(gru: Gru, precision: "torch.dtype", aware: bool) -> "list[torch.Tensor]":
    """Gradients of a weighted sum of the states of 50 frames."""
    generator = torch.Generator().manual_seed(1)
    x = torch.round(torch.rand(50, 4, 32, generator=generator) * 127.0)
    weight = torch.randn(50, 4, 32, generator=generator)
    step = 127.0 if aware else 1.0
    states, _ = gru((x * step / 127.0).to(precision), torch.zeros(4, 32), aware)
    loss = (states.float() / step * weight).sum()
    return list(torch.autograd.grad(loss, list(gru.parameters())))


@pytest.mark.parametrize(
    ("precision", "aware"), [(torch.bfloat16, False), (torch.float32, True), (torch.bfloat16, True)]
)
def test_gradients_of_a_long_memory_survive_coarse_products_and_rounding(
    precision: "torch.dtype", aware: bool
) -> None:
    torch.manual_seed(0)
    gru = Gru(32, 32)
    gru.input_bias.data[:32] = 5.0  # update gates near 0.993
    exact = gru_gradients(gru, torch.float32, False)
    for wanted, found in zip(exact, gru_gradients(gru, precision, aware), strict=True):
        assert (wanted - found).norm() < 0.03 * wanted.norm()


@PRECISIONS
def test_int8_aware_training_goes_on_chunk_by_chunk_as_in_one_piece(
    precision: "torch.dtype",
) -> None:
    network = Network(TINY, precision, int8_aware=True)
    network.load_tensors(trained_network().to_checkpoint({}))
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


def test_zero_blocks_stay_zero_when_the_training_is_resumed(tmp_path: Path) -> None:
    settings = Settings(batch=4, chunk_frames=20, threads=1)
    first = Trainer(TINY, settings, torch.device("cpu"), torch.float32)
    first.start_from(pruned(trained_network().to_checkpoint({})))
    first.save(tmp_path)
    resumed = Trainer(TINY, settings, torch.device("cpu"), torch.float32)
    resumed.restore(tmp_path)
    resumed.train_sequences(shard(0)[:4], progress=0.2)
    assert not resumed.network.to_checkpoint({}).tensors["gru1.input_weight"][16:32, :8].any()
    assert not resumed.checkpoint({}).tensors["conv2.weight"][:, 4:12].any()


def test_validation_of_int8_aware_training_rounds_the_average() -> None:
    settings = Settings(batch=4, chunk_frames=20, int8_aware=True, threads=1)
    trainer = Trainer(TINY, settings, torch.device("cpu"), torch.float32)
    trainer.start_from(trained_network().to_checkpoint({}))
    sequences = shard(0)
    arriving, targets = to_tensors(sequences, torch.device("cpu"))
    losses = {}
    for aware in (False, True):
        network = Network(TINY, int8_aware=aware)
        network.load_tensors(trainer.checkpoint({}))
        with torch.no_grad():
            logits, _ = network(arriving, network.initial_state(len(sequences)))
        losses[aware] = compute_losses(logits, targets).total.item()
    assert trainer.validate([sequences]).total.item() == pytest.approx(losses[True], abs=1e-6)
    assert abs(losses[True] - losses[False]) > 1e-5


def test_dense_start_has_no_masks() -> None:
    checkpoint = trained_network().to_checkpoint({})
    assert kept_blocks(TINY, checkpoint.tensors) == {}
    assert set(kept_blocks(TINY, pruned(checkpoint).tensors)) == {
        "conv2.weight",
        "gru1.input_weight",
    }

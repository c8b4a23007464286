# SPDX-License-Identifier: Apache-2.0
"""State dicts of real PyTorch modules: what they compute is what is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.exchange.import_network import import_network
from host_tools.network.checkpoint import load_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.network.profile import Profile
from tests.quantize.models import SMALL, plausible_features

pytestmark = pytest.mark.training


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def make_modules(torch: Any, profile: Profile) -> Any:
    """The topology of nn.Linear, nn.Conv1d and nn.GRU."""
    nn = torch.nn
    torch.manual_seed(1)
    sizes = profile.recurrent_sizes
    layers = {
        "fc": nn.Linear(70, profile.fc),
        "conv1": nn.Conv1d(profile.fc, profile.conv1, profile.conv1_kernel),
        "conv2": nn.Conv1d(profile.conv1, profile.conv2, profile.conv2_kernel),
        "fc_gb": nn.Linear(profile.dense_inputs["fc_gb"], 35),
        "fc_rb": nn.Linear(profile.gru_rb, 34),
    }
    layers |= {name: nn.GRU(inputs, units) for name, (inputs, units) in sizes.items()}
    return nn.ModuleDict(layers).half().float()  # weights that float16 holds


def run_modules(torch: Any, modules: Any, x: Any) -> tuple[Any, Any]:
    """Gains [T, 34] and strengths of normalised features [T, 70]."""

    def convolution(name: str, x: Any) -> Any:
        kernel = modules[name].kernel_size[0]
        padded = torch.nn.functional.pad(x.t(), (kernel - 1, 0))
        return torch.tanh(modules[name](padded).t())

    conv1 = convolution("conv1", torch.tanh(modules["fc"](x)))
    conv2 = convolution("conv2", conv1)
    gru1 = modules["gru1"](conv2)[0]
    gru2 = modules["gru2"](gru1)[0]
    gru3 = modules["gru3"](gru2)[0]
    gain_gru = modules["gru_gb"](gru3)[0]
    strength_gru = modules["gru_rb"](torch.cat([gru3, conv2], 1))[0]
    joined = torch.cat([conv2, gru1, gru2, gru3, gain_gru], 1)
    gains = torch.sigmoid(modules["fc_gb"](joined))[:, :34]
    return gains, torch.sigmoid(modules["fc_rb"](strength_gru))


def test_imported_modules_compute_what_they_did_in_pytorch(
    torch: Any, small_folder: Path, tmp_path: Path
) -> None:
    modules = make_modules(torch, SMALL)
    torch.save({"state_dict": modules.state_dict(), "epoch": 3}, tmp_path / "m.pt")
    import_network(tmp_path / "m.pt", tmp_path / "got", features_from=small_folder)
    checkpoint = load_checkpoint(tmp_path / "got")
    features = plausible_features(50, 1)
    tensors = checkpoint.tensors
    x = np.clip((features - tensors["feature_mean"]) / tensors["feature_std"], -8, 8)
    with torch.no_grad():
        gains, strengths = run_modules(torch, modules, torch.from_numpy(x.astype(np.float32)))
    out = FloatNetwork(checkpoint).run(features)
    np.testing.assert_allclose(out.gain, gains.numpy(), atol=1e-5)
    np.testing.assert_allclose(out.strength, strengths.numpy(), atol=1e-5)


def test_the_training_network_of_this_kit_comes_in(
    torch: Any, small_folder: Path, tmp_path: Path
) -> None:
    from host_tools.network.torch_model import Network

    wanted = load_checkpoint(small_folder)
    network = Network(SMALL)
    network.load_tensors(wanted)
    torch.save(network.state_dict(), tmp_path / "m.pth")
    import_network(tmp_path / "m.pth", tmp_path / "got")
    got = load_checkpoint(tmp_path / "got")
    for name, tensor in wanted.tensors.items():
        np.testing.assert_array_equal(got.tensors[name], tensor, err_msg=name)


def test_a_pickled_module_is_refused_because_it_holds_code(torch: Any, tmp_path: Path) -> None:
    torch.save(make_modules(torch, SMALL), tmp_path / "m.pt")
    with pytest.raises(DataError, match=r"m\.pt: not a state dict .*torch\.save"):
        import_network(tmp_path / "m.pt", tmp_path / "got")


def test_a_file_that_is_not_of_pytorch_is_refused(torch: Any, tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_bytes(b"no weights here")
    with pytest.raises(DataError, match=r"m\.pt: not a state dict"):
        import_network(tmp_path / "m.pt", tmp_path / "got")


def test_something_else_than_tensors_is_refused(torch: Any, tmp_path: Path) -> None:
    torch.save([1, 2, 3], tmp_path / "m.pt")
    with pytest.raises(DataError, match="holds list, expected a state dict of tensors"):
        import_network(tmp_path / "m.pt", tmp_path / "got")


def test_whole_numbers_are_refused(torch: Any, tmp_path: Path) -> None:
    state = make_modules(torch, SMALL).state_dict()
    state["fc.weight"] = state["fc.weight"].to(torch.int8)
    torch.save(state, tmp_path / "m.pt")
    with pytest.raises(DataError, match=r"tensor 'fc\.weight' is torch\.int8, expected floating"):
        import_network(tmp_path / "m.pt", tmp_path / "got")

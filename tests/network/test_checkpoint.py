# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host_tools.network.checkpoint import (
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    random_checkpoint,
    save_checkpoint,
)
from host_tools.network.profile import Profile, ProfileError, format_profile, load_profile

SMALL = Profile("small", fc=8, conv1=12, conv2=12, gru=12, gru_gb=12, gru_rb=8)


def test_default_profile_has_the_published_number_of_weights() -> None:
    published_without_voice_row = 7_948_288
    assert Profile().weights() == published_without_voice_row + 2560


def test_profile_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(format_profile(SMALL))
    assert load_profile(path) == SMALL


@pytest.mark.parametrize(
    "text", ["name = 1", 'name = "x"\n[widths]\ngru = 0', 'name = "x"\n[widths]\nodd = 3', "=", ""]
)
def test_wrong_profile_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=r"profile\.toml"):
        load_profile(path)


def test_checkpoint_survives_its_file_to_half_precision(tmp_path: Path) -> None:
    written = random_checkpoint(SMALL, seed=4)
    save_checkpoint(written, tmp_path)
    read = load_checkpoint(tmp_path)
    assert read.profile == SMALL
    assert read.metadata["seed"] == "4"
    for name, tensor in written.tensors.items():
        assert np.allclose(read.tensors[name], tensor, rtol=1e-3, atol=1e-6)


def test_saving_what_was_read_changes_nothing(tmp_path: Path) -> None:
    save_checkpoint(random_checkpoint(SMALL, seed=4), tmp_path / "a")
    save_checkpoint(load_checkpoint(tmp_path / "a"), tmp_path / "b")
    first, second = (load_checkpoint(tmp_path / name).tensors for name in "ab")
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_tensor_of_wrong_shape_is_refused_by_name() -> None:
    tensors = dict(random_checkpoint(SMALL, seed=1).tensors)
    tensors["gru2.input_weight"] = tensors["gru2.input_weight"][:-1]
    with pytest.raises(CheckpointError, match=r"gru2\.input_weight"):
        Checkpoint(SMALL, tensors)


def test_checkpoint_with_a_nan_is_refused() -> None:
    tensors = dict(random_checkpoint(SMALL, seed=1).tensors)
    tensors["fc.bias"] = np.full_like(tensors["fc.bias"], np.nan)
    with pytest.raises(CheckpointError, match=r"fc\.bias"):
        Checkpoint(SMALL, tensors)


def test_checkpoint_of_another_profile_is_refused(tmp_path: Path) -> None:
    save_checkpoint(random_checkpoint(SMALL, seed=1), tmp_path)
    (tmp_path / "profile.toml").write_text(format_profile(replace(SMALL, gru_rb=9)))
    with pytest.raises(CheckpointError, match="shape"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("keep", [0, 7, 200])
def test_truncated_checkpoint_is_refused_in_one_line(tmp_path: Path, keep: int) -> None:
    save_checkpoint(random_checkpoint(SMALL, seed=1), tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(tmp_path)
    assert "\n" not in str(caught.value)


def test_reading_a_checkpoint_does_not_load_torch(tmp_path: Path) -> None:
    save_checkpoint(random_checkpoint(SMALL, seed=1), tmp_path)
    program = (
        "import sys, pathlib\n"
        "from host_tools.network.checkpoint import load_checkpoint\n"
        "from host_tools.network.float_model import FloatNetwork\n"
        f"FloatNetwork(load_checkpoint(pathlib.Path({str(tmp_path)!r})))\n"
        "sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)\n"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0

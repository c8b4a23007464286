# SPDX-License-Identifier: Apache-2.0
"""The mean of networks that descend from one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host_tools.cli import main
from host_tools.errors import DataError
from host_tools.network.average import average_checkpoints
from host_tools.network.checkpoint import (
    Checkpoint,
    load_checkpoint,
    random_checkpoint,
    save_checkpoint,
)
from host_tools.network.profile import Profile

SMALL = Profile("small", fc=16, conv1=32, conv2=32, gru=32, gru_gb=32, gru_rb=16)
Captured = pytest.CaptureFixture[str]


def moved(start: Checkpoint, by: float, **metadata: str) -> Checkpoint:
    """A network some way off its start, as training leaves it."""
    tensors = {
        name: tensor if name.startswith("feature_") else tensor + np.float32(by)
        for name, tensor in start.tensors.items()
    }
    return replace(start, tensors=tensors, metadata=start.metadata | metadata)


@pytest.fixture
def start() -> Checkpoint:
    return random_checkpoint(SMALL, seed=1)


@pytest.fixture
def folders(start: Checkpoint, tmp_path: Path) -> list[str]:
    for name, by in (("near", 0.25), ("far", 1.0)):
        save_checkpoint(moved(start, by), tmp_path / name)
    return [str(tmp_path / "near"), str(tmp_path / "far")]


def test_every_tensor_is_the_weighted_mean(start: Checkpoint) -> None:
    mean = average_checkpoints([moved(start, 1.0), moved(start, -2.0)], [3.0, 1.0], ["a", "b"])
    for name, tensor in start.tensors.items():
        wanted = tensor if name.startswith("feature_") else tensor + 0.25
        np.testing.assert_allclose(mean.tensors[name], wanted, atol=1e-6)


def test_a_mean_is_clear_of_licences_and_trained_only_if_all_were(start: Checkpoint) -> None:
    clear = {"clear_licenses_only": "yes", "trained": "yes", "seed": "2"}
    good, other = moved(start, 0.1, **clear), moved(start, 0.2, **clear | {"seed": "3"})
    found = average_checkpoints([good, other], [1.0, 2.0], ["a", "b"]).metadata
    assert found == {
        "trained": "yes",
        "clear_licenses_only": "yes",
        "averaged_weights": "1 2",
        "averaged_seeds": "2 3",
    }
    mixed = average_checkpoints([good, start], [1.0, 1.0], ["a", "b"]).metadata
    assert (mixed["clear_licenses_only"], mixed["trained"]) == ("no", "no")


def test_networks_of_other_widths_or_another_start_are_refused(start: Checkpoint) -> None:
    wide = random_checkpoint(Profile("wide", 16, 32, 32, 48, 32, 16), seed=1)
    with pytest.raises(DataError, match="b: has another profile than a; use the same widths"):
        average_checkpoints([start, wide], [1, 1], ["a", "b"])
    strange = {**start.tensors, "feature_mean": start.tensors["feature_mean"] + np.float32(1)}
    with pytest.raises(DataError, match=r"b: does not descend .* a \(feature_mean differs\)"):
        average_checkpoints([start, replace(start, tensors=strange)], [1, 1], ["a", "b"])


def test_the_command_writes_a_model_folder(folders: list[str], tmp_path: Path) -> None:
    output = tmp_path / "mean"
    assert main(["average", *folders, "--weights", "2,1", "--output", str(output)]) == 0
    near, mean = load_checkpoint(Path(folders[0])), load_checkpoint(output)
    np.testing.assert_allclose(mean.tensors["fc.bias"], near.tensors["fc.bias"] + 0.25, atol=1e-6)
    assert mean.metadata["averaged_weights"] == "2 1"


@pytest.mark.parametrize(
    ("weights", "complaint"),
    [
        ("1", "1 numbers for 2 folders"),
        ("1,x", "numbers with commas between"),
        ("1,0", "every weight must be above 0"),
        ("1,nan", "every weight must be above 0"),
    ],
)
def test_bad_weights_are_one_line(
    folders: list[str], tmp_path: Path, capsys: Captured, weights: str, complaint: str
) -> None:
    output = tmp_path / "mean"
    assert main(["average", *folders, "--weights", weights, "--output", str(output)]) == 2
    said = capsys.readouterr().err
    assert complaint in said and said.count("\n") == 1
    assert not output.exists()


def test_an_output_that_is_a_file_is_one_line(
    folders: list[str], tmp_path: Path, capsys: Captured
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("kept")
    assert main(["average", *folders, "--output", str(taken)]) == 4
    assert "taken: no folder can be made there: File exists" in capsys.readouterr().err
    assert taken.read_text() == "kept"


def test_one_network_alone_or_a_missing_one_is_one_line(
    folders: list[str], tmp_path: Path, capsys: Captured
) -> None:
    output = ["--output", str(tmp_path / "mean")]
    assert main(["average", folders[0], *output]) == 2
    assert "one network alone" in capsys.readouterr().err
    assert main(["average", folders[0], str(tmp_path / "none"), *output]) == 4
    assert "none" in capsys.readouterr().err

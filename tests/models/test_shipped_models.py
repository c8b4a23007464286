# SPDX-License-Identifier: Apache-2.0
"""What stands under models/ belongs together and keeps its promises of size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from host_tools.network.checkpoint import load_checkpoint
from host_tools.quantize.image import read_image, save_image
from host_tools.quantize.sparse import stored_size
from host_tools.quantize.weights import quantize_checkpoint

MODELS = Path(__file__).resolve().parents[2] / "models"
FOLDERS = sorted(path for path in MODELS.iterdir() if path.is_dir())
LARGEST_SPARSE_WEIGHTS = 2_600_000


def image_of(folder: Path) -> Path:
    return folder / f"{folder.name}.pnm"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_files_have_their_noted_digests(folder: Path) -> None:
    noted = dict(
        reversed(line.split("  ", 1)) for line in (folder / "SHA256SUMS").read_text().splitlines()
    )
    assert set(noted) == {"checkpoint.safetensors", image_of(folder).name, "profile.toml"}
    for name, digest in noted.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_image_is_what_quantize_makes_of_the_checkpoint(folder: Path, tmp_path: Path) -> None:
    digest = save_image(quantize_checkpoint(load_checkpoint(folder)), tmp_path / "again.pnm")
    assert (tmp_path / "again.pnm").read_bytes() == image_of(folder).read_bytes()
    assert digest in (folder / "card.md").read_text()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_profile_bears_the_name_of_the_folder(folder: Path) -> None:
    assert load_checkpoint(folder).profile.name == folder.name


def test_sparse_model_stores_less_than_a_third_of_the_weights() -> None:
    folder = MODELS / "percepnet-sparse"
    matrices = read_image(image_of(folder).read_bytes(), folder.name).matrices
    stored = sum(stored_size(name, m.weights).weights for name, m in matrices.items())
    assert stored <= LARGEST_SPARSE_WEIGHTS

# SPDX-License-Identifier: Apache-2.0
"""The step from checkpoint folder to image and report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.network.checkpoint import random_checkpoint, save_checkpoint
from host_tools.quantize.calibrate import LAYERS, signal_to_noise_db
from host_tools.quantize.image import digest
from host_tools.quantize.model import MATRIX_NAMES
from host_tools.quantize.quantize import quantize
from tests.kernels.lab import parse_status
from tests.quantize.models import SMALL, loud_checkpoint, plausible_features


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_checkpoint(random_checkpoint(SMALL, 1), tmp_path / "model")
    return tmp_path / "model"


def test_report_covers_every_layer_and_every_matrix(folder: Path, tmp_path: Path) -> None:
    report = quantize(folder, plausible_features(120, 1), tmp_path / "m.pnm")
    assert [matrix.name for matrix in report.matrices] == list(MATRIX_NAMES)
    assert report.calibration is not None
    assert [layer.name for layer in report.calibration.layers] == list(LAYERS)
    assert report.calibration.frames == 120


def test_image_is_valid_and_its_digest_is_reported(folder: Path, tmp_path: Path) -> None:
    report = quantize(folder, None, tmp_path / "m.pnm")
    image = (tmp_path / "m.pnm").read_bytes()
    assert parse_status(image) == 0
    assert report.digest == digest(image)
    assert report.image_bytes == len(image)


def test_quantization_noise_is_at_least_thirty_db_below_the_signal_of_each_layer(
    folder: Path, tmp_path: Path
) -> None:
    report = quantize(folder, plausible_features(120, 1), tmp_path / "m.pnm")
    assert report.calibration is not None
    assert min(layer.signal_to_noise_db for layer in report.calibration.layers) > 30.0
    assert min(matrix.signal_to_noise_db for matrix in report.matrices) > 40.0


def test_saturation_is_counted_where_it_happens(tmp_path: Path) -> None:
    save_checkpoint(loud_checkpoint(SMALL, 1, 8.0), tmp_path / "loud")
    report = quantize(tmp_path / "loud", plausible_features(120, 1), tmp_path / "m.pnm")
    assert report.calibration is not None
    counts = {layer.name: layer.saturated for layer in report.calibration.layers}
    assert counts["conv2"] > 0
    assert all(layer.saturated <= 3 * layer.values for layer in report.calibration.layers)


def test_the_same_checkpoint_gives_the_same_file(folder: Path, tmp_path: Path) -> None:
    quantize(folder, None, tmp_path / "a.pnm")
    quantize(folder, None, tmp_path / "b.pnm")
    assert (tmp_path / "a.pnm").read_bytes() == (tmp_path / "b.pnm").read_bytes()


def test_a_missing_checkpoint_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        quantize(tmp_path / "nothing", None, tmp_path / "m.pnm")
    assert not list(tmp_path.glob("*.pnm"))


def test_a_damaged_checkpoint_is_named(folder: Path, tmp_path: Path) -> None:
    path = folder / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match=r"checkpoint\.safetensors"):
        quantize(folder, None, tmp_path / "m.pnm")


def test_calibration_audio_of_less_than_a_second_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one second"):
        quantize(folder, plausible_features(99, 1), tmp_path / "m.pnm")


def test_signal_to_noise_of_equal_arrays_is_infinite_and_of_a_tenth_off_twenty_db() -> None:
    signal = np.ones(10)
    assert signal_to_noise_db(signal, signal) == float("inf")
    assert signal_to_noise_db(signal, 1.1 * signal) == pytest.approx(20.0)

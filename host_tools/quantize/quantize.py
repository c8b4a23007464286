# SPDX-License-Identifier: Apache-2.0
"""The whole step: float checkpoint in, model image and report out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import DataError
from host_tools.files import check_target
from host_tools.network.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from host_tools.network.profile import ProfileError
from host_tools.quantize.calibrate import (
    CalibrationReport,
    MatrixReport,
    compare,
    matrix_report,
)
from host_tools.quantize.image import save_image
from host_tools.quantize.model import MATRIX_NAMES, Int16Array, QuantizedModel
from host_tools.quantize.weights import quantize_checkpoint

MIN_CALIBRATION_FRAMES = 100  # one second


@dataclass(frozen=True)
class QuantizeReport:
    """What quantize made. ``calibration`` is None when no audio was given."""

    model: str
    image: str
    image_bytes: int
    digest: str
    weights: int
    stored_weights: int
    """Of these in the image: less than ``weights`` when matrices are stored sparse."""
    matrices: list[MatrixReport]
    calibration: CalibrationReport | None


def _load(path: Path) -> Checkpoint:
    try:
        return load_checkpoint(path)
    except (CheckpointError, ProfileError) as error:
        raise DataError(str(error)) from error


def _float_name(matrix: str) -> str:
    """Tensor of the checkpoint behind a matrix of the image."""
    if "." not in matrix:
        return f"{matrix}.weight"
    gru, side = matrix.split(".")
    return f"{gru}.{side}_weight"


def _matrix_reports(checkpoint: Checkpoint, model: QuantizedModel) -> list[MatrixReport]:
    return [
        matrix_report(name, checkpoint.tensors[_float_name(name)], model.matrices[name])
        for name in MATRIX_NAMES
    ]


def quantize(
    checkpoint: Path, calibration_features: Int16Array | None, output: Path
) -> QuantizeReport:
    """Quantize a checkpoint (its folder or file) and write the model image to ``output``.

    calibration_features: int16 [T, 70] from the C front end, or None to skip the comparison.
    Raises DataError when the checkpoint cannot be used or the image not written.
    """
    check_target(output)
    if calibration_features is not None and len(calibration_features) < MIN_CALIBRATION_FRAMES:
        raise DataError("calibration audio is shorter than one second; give a longer recording")
    floats = _load(checkpoint)
    model = quantize_checkpoint(floats)
    calibration = None
    if calibration_features is not None:
        calibration = compare(floats, model, calibration_features)
    digest = save_image(model, output)
    matrices = _matrix_reports(floats, model)
    return QuantizeReport(
        model.profile.name,
        str(output),
        output.stat().st_size,
        digest,
        model.profile.weights(),
        sum(matrix.stored_weights for matrix in matrices),
        matrices,
        calibration,
    )

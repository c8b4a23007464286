# SPDX-License-Identifier: Apache-2.0
"""Float checkpoint of the network: ``checkpoint.safetensors`` with ``profile.toml`` beside it.

GRU matrices hold the gates in the order z (update), r (reset), n (candidate), stacked along the
rows. Convolution matrices have the columns of the oldest frame first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.files import make_folder, whole_file
from host_tools.network.profile import Profile, format_profile, load_profile

CHECKPOINT_NAME = "checkpoint.safetensors"
PROFILE_NAME = "profile.toml"
FORMAT_VERSION = "1"

FloatArray = npt.NDArray[np.float32]


class CheckpointError(DataError):
    """A checkpoint cannot be read or does not fit its profile."""


@dataclass(frozen=True)
class Checkpoint:
    """Tensors (float32) of one network, named and shaped as ``profile.tensor_shapes()``."""

    profile: Profile
    tensors: dict[str, FloatArray]
    metadata: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = self.profile.tensor_shapes()
        missing = sorted(set(shapes) - set(self.tensors))
        if missing:
            raise CheckpointError(f"checkpoint has no tensor {missing[0]!r}")
        for name, shape in shapes.items():
            tensor = self.tensors[name]
            if tensor.shape != shape:
                raise CheckpointError(
                    f"tensor {name!r} has shape {tensor.shape}, profile wants {shape}"
                )
            if not np.isfinite(tensor).all():
                raise CheckpointError(f"tensor {name!r} holds values that are not finite")
        if not (self.tensors["feature_std"] > 0).all():
            raise CheckpointError("feature_std must be positive")


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read the checkpoint of a model folder (or the .safetensors file in one) as float32.

    Raises CheckpointError or ProfileError when a file is missing, damaged or does not fit.
    """
    from safetensors import SafetensorError, safe_open

    path = folder if folder.suffix == ".safetensors" else folder / CHECKPOINT_NAME
    profile = load_profile(path.parent / PROFILE_NAME)
    try:
        with safe_open(path, framework="numpy") as stored:
            metadata = dict(stored.metadata() or {})
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path}: cannot be read ({error}); train or copy it again"
        ) from error
    if metadata.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(f"{path}: format version is not {FORMAT_VERSION}; train it again")
    try:
        floats = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
        return Checkpoint(profile, floats, metadata)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write checkpoint and profile into ``folder``; weights as float16, the rest as float32.

    Both files appear whole or not at all. Raises DataError when they cannot be written.
    """
    from safetensors.numpy import save

    make_folder(folder)
    stored: dict[str, npt.NDArray[np.generic]] = {}
    for name in checkpoint.profile.tensor_shapes():
        tensor = checkpoint.tensors[name]
        kind = np.float16 if tensor.ndim == 2 else np.float32
        stored[name] = np.ascontiguousarray(tensor.astype(kind))
    metadata = {
        **checkpoint.metadata,
        "format_version": FORMAT_VERSION,
        "profile": checkpoint.profile.name,
    }
    with whole_file(folder / PROFILE_NAME) as part:
        part.write_text(format_profile(checkpoint.profile), encoding="utf-8")
    with whole_file(folder / CHECKPOINT_NAME) as part:
        part.write_bytes(save(stored, metadata=metadata))


def random_checkpoint(profile: Profile, seed: int) -> Checkpoint:
    """Return an untrained checkpoint, for tests of the rooms after this one.

    Weights are normal with variance 1/columns; features are normalised with plausible figures.
    """
    generator = np.random.default_rng(seed)
    tensors: dict[str, FloatArray] = {}
    for name, shape in profile.tensor_shapes().items():
        scale = 0.1 if len(shape) == 1 else shape[1] ** -0.5
        tensors[name] = generator.normal(0.0, scale, shape).astype(np.float32)
    mean = np.r_[np.full(34, 9000.0), np.full(34, 14000.0), 330.0, 16000.0]
    std = np.r_[np.full(34, 2500.0), np.full(34, 9000.0), 190.0, 8000.0]
    tensors["feature_mean"] = mean.astype(np.float32)
    tensors["feature_std"] = std.astype(np.float32)
    return Checkpoint(profile, tensors, {"seed": str(seed), "trained": "no"})

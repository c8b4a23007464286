# SPDX-License-Identifier: Apache-2.0
"""The whole import: a file of another format in, a model folder out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from host_tools.errors import DataError
from host_tools.exchange.image import exact_model, rounded_again
from host_tools.exchange.layers import (
    Layer,
    Normalisation,
    check_shapes,
    infer_profile,
    make_checkpoint,
)
from host_tools.exchange.state_dict import find_layers, read_state_dict
from host_tools.exchange.tflite_file import read_tflite
from host_tools.exchange.tflite_network import TfliteNetwork, find_network
from host_tools.exchange.verify import Difference, compare
from host_tools.network.checkpoint import (
    CHECKPOINT_NAME,
    Checkpoint,
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from host_tools.network.profile import Profile, ProfileError, load_profile
from host_tools.quantize.image import save_image

LARGEST_MEAN_DIFFERENCE = 0.01
"""Between a file and the network of its weights. int8 files of it stay below 0.005; exchanged gates
or inputs give 0.015 in untrained networks and ten times as much in trained ones."""


@dataclass(frozen=True)
class ImportReport:
    """What import made. ``difference`` is None for files that cannot be run (state dicts)."""

    file: str
    folder: str
    profile: Profile
    image: str | None
    """Written when the file has int8 weights: it holds these very numbers."""
    digest: str | None
    notes: list[str]
    """What was rounded, clipped or assumed."""
    difference: Difference | None


def import_network(
    path: Path,
    output: Path,
    name: str | None = None,
    profile: Path | None = None,
    features_from: Path | None = None,
) -> ImportReport:
    """Read a .pt, .pth, .safetensors or .tflite and write checkpoint and profile into *output*.

    name: of the profile, default that of the folder; profile: sizes that the file has to have;
    features_from: model folder whose feature mean and deviation to take. Raises DataError with
    file, tensor and what was expected when the file is not a network of this topology.
    """
    _check_folder(output)
    network: TfliteNetwork | None = None
    if path.suffix in (".pt", ".pth", ".safetensors"):
        layers, own = find_layers(path, read_state_dict(path))
    else:
        network = find_network(read_tflite(path))
        layers, own = network.layers, network.normalisation
    sizes = _profile(path, name or output.resolve().name, layers, profile)
    normalisation = _features(path, own, features_from)
    metadata = {"imported_from": path.name}
    checkpoint = make_checkpoint(sizes, layers, normalisation, metadata, str(path))
    difference = _verify(path, network, checkpoint) if network else None
    save_checkpoint(checkpoint, output)
    notes = _notes(layers, network)
    if own is not None and features_from is not None:
        notes.append(
            f"the file has its own feature mean and deviation: not those of {features_from}"
        )
    image, digest = _image(output, sizes, layers, notes)
    return ImportReport(str(path), str(output), sizes, image, digest, notes, difference)


def _check_folder(output: Path) -> None:
    if output.exists() and not output.is_dir():
        raise DataError(f"{output}: is a file, give a folder for the model")
    if (output / CHECKPOINT_NAME).exists():
        raise DataError(f"{output}: holds a checkpoint already; give another folder")


def _profile(path: Path, name: str, layers: Mapping[str, Layer], wanted: Path | None) -> Profile:
    if wanted is None:
        return infer_profile(name, layers, str(path))
    try:
        sizes = load_profile(wanted)
    except ProfileError as error:
        raise DataError(str(error)) from error
    check_shapes(sizes, layers, str(path))
    return replace(sizes, name=name)


def _features(path: Path, own: Normalisation | None, features_from: Path | None) -> Normalisation:
    if own is not None:
        return own
    if features_from is None:
        raise DataError(
            f"{path}: has no feature_mean and feature_std (70 each); --features-from MODEL takes "
            "those of another model"
        )
    tensors = _load(features_from).tensors
    return Normalisation(tensors["feature_mean"], tensors["feature_std"])


def _load(folder: Path) -> Checkpoint:
    try:
        return load_checkpoint(folder)
    except (CheckpointError, ProfileError) as error:
        raise DataError(str(error)) from error


def _verify(path: Path, network: TfliteNetwork, checkpoint: Checkpoint) -> Difference:
    difference = compare(path, network, checkpoint)
    if not difference.mean <= LARGEST_MEAN_DIFFERENCE:
        raise DataError(
            f"{path}: computes something else than this network with its weights: gains and "
            f"strengths differ by {difference.mean:.3f} on average; look at the order of gates "
            "(z, r, n), of joined inputs and of frames (oldest first)"
        )
    return difference


def _notes(layers: Mapping[str, Layer], network: TfliteNetwork | None) -> list[str]:
    notes = []
    if network is None:
        notes.append("a state dict has no activations: tanh and sigmoid are assumed")
    rounded = [
        name
        for name, layer in layers.items()
        if layer.levels is None
        and np.any(layer.weight.astype(np.float16).astype(np.float32) != layer.weight)
    ]
    if rounded:
        notes.append(f"weights rounded to float16: {', '.join(rounded)}")
    clipped = {n: layer.levels.clipped for n, layer in layers.items() if layer.levels}
    notes += [
        f"{name}: {count} weights of -128 are -127" for name, count in clipped.items() if count
    ]
    return notes


def _image(
    output: Path, profile: Profile, layers: Mapping[str, Layer], notes: list[str]
) -> tuple[str | None, str | None]:
    """Write the image of int8 weights; adds to the notes what 'quantize' would change."""
    if not any(layer.levels for layer in layers.values()):
        return None, None
    stored = _load(output)
    model = exact_model(stored, layers)
    again = rounded_again(stored, model)
    if again:
        notes.append(
            "the image keeps int8 weights and scales of the file; 'host_tools quantize' would "
            f"round again: {', '.join(again)}"
        )
    path = output / f"{profile.name}.pnm"
    return str(path), save_image(model, path)

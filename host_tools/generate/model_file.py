# SPDX-License-Identifier: Apache-2.0
"""Finds a model image and checks that it is whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import DataError, UsageError
from host_tools.generate.checkout import checkout_root

_MAGIC = b"PNM1"
_HEADER_BYTES = 64  # docs/model-image.md
_DIGEST = slice(16, 48)


@dataclass(frozen=True)
class ModelFile:
    """A model image: ``digest`` is the SHA-256 (hex) of what follows its header."""

    name: str
    image: bytes
    digest: str


def model_names() -> list[str]:
    """Models of this checkout that have an image."""
    return sorted(path.stem for path in checkout_root().glob("models/*/*.pnm"))


def find_model(name: str) -> ModelFile:
    """The model called *name* (models/NAME/NAME.pnm), or the image at that path.

    Raises UsageError when there is none, DataError when the image is damaged.
    """
    path = checkout_root() / "models" / name / f"{name}.pnm"
    if name.endswith(".pnm"):
        path = Path(name)
    try:
        image = path.read_bytes()
    except OSError as error:
        known = ", ".join(model_names()) or "none yet (host_tools quantize makes one)"
        raise UsageError(f"no model '{name}': {path} cannot be read; models: {known}") from error
    if image[:4] != _MAGIC:
        raise DataError(f"{path}: is not a model image; make one with host_tools quantize")
    digest = hashlib.sha256(image[_HEADER_BYTES:])
    if digest.digest() != image[_DIGEST]:
        raise DataError(f"{path}: is damaged (digest differs); copy or quantize it again")
    return ModelFile(path.stem, image, digest.hexdigest())

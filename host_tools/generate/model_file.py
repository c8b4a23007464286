# SPDX-License-Identifier: Apache-2.0
"""Finds a model image and checks that it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UsageError
from host_tools.generate.checkout import checkout_root
from host_tools.quantize.image import digest, read_image


@dataclass(frozen=True)
class ModelFile:
    """A model image; ``digest`` as pn_model_digest returns it."""

    name: str
    image: bytes
    digest: str


def model_names() -> list[str]:
    """Models of this checkout that have an image."""
    return sorted(path.stem for path in checkout_root().glob("models/*/*.pnm"))


def model_folder(name: str) -> Path:
    """The folder of model *name*: models/NAME, or *name* itself where it holds a slash.

    Raises UsageError when there is none.
    """
    folder = Path(name) if "/" in name else checkout_root() / "models" / name
    if not folder.is_dir():
        raise UsageError(f"no model '{name}': {folder} is no folder; models: {_known()}")
    return folder


def model_path(name: str) -> Path:
    """Where the image of model *name* is: models/NAME/NAME.pnm, or *name* itself (FILE.pnm)."""
    if name.endswith(".pnm"):
        return Path(name)
    return checkout_root() / "models" / name / f"{name}.pnm"


def find_model(name: str) -> ModelFile:
    """The model called *name* (models/NAME/NAME.pnm), or the image at that path (FILE.pnm).

    Raises UsageError when there is none, DataError when the image is damaged.
    """
    path = model_path(name)
    try:
        image = path.read_bytes()
    except OSError as error:
        raise UsageError(f"no model '{name}': {path} cannot be read; models: {_known()}") from error
    read_image(image, str(path))
    return ModelFile(path.stem, image, digest(image))


def _known() -> str:
    return ", ".join(model_names()) or "none yet (host_tools quantize makes one)"

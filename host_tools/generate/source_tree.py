# SPDX-License-Identifier: Apache-2.0
"""A self-contained C source tree of the library with one model, the same bytes every time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from host_tools import __version__
from host_tools.errors import DataError, UsageError
from host_tools.files import whole_file
from host_tools.generate import activation_tables, tables
from host_tools.generate.checkout import checkout_root
from host_tools.generate.model_file import ModelFile, find_model
from host_tools.generate.tree_readme import render_readme

MANIFEST = "MANIFEST.json"
MODEL_IMAGE = "model.pnm"  # the top-level CMakeLists.txt looks here first

_SINGLE_FILES = (
    "CMakeLists.txt",
    "LICENSE",
    "firmware/CMakeLists.txt",
    "firmware/sources.cmake",
)
_FOLDERS = ("cmake", "firmware/include", "firmware/src", "firmware/apps")
_SUFFIXES = {".c", ".h", ".inc", ".cmake", ".in"}


@dataclass(frozen=True)
class GeneratedTree:
    """What ``generate`` wrote."""

    directory: Path
    model: str
    model_digest: str
    files: tuple[str, ...]


def rendered_tables() -> dict[str, bytes]:
    """Path from the checkout root -> content of every C file that Python generates."""
    sources = {**tables.render(), **activation_tables.render()}
    return {name: text.encode() for name, text in sources.items()}


def tree_files(model: ModelFile) -> dict[str, bytes]:
    """Path -> content of the whole tree, manifest included."""
    root = checkout_root()
    files = {name: (root / name).read_bytes() for name in _source_names(root)}
    files.update(rendered_tables())
    files[MODEL_IMAGE] = model.image
    files["README.md"] = render_readme(model.name, model.digest).encode()
    files[MANIFEST] = _manifest(model, files)
    return files


def _source_names(root: Path) -> list[str]:
    names = list(_SINGLE_FILES)
    for folder in _FOLDERS:
        names += [
            path.relative_to(root).as_posix()
            for path in (root / folder).rglob("*")
            if path.suffix in _SUFFIXES and path.is_file()
        ]
    return sorted(names)


def _manifest(model: ModelFile, files: Mapping[str, bytes]) -> bytes:
    digests = {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)}
    manifest = {
        "generator": f"host_tools generate {__version__}",
        "model": model.name,
        "model_digest": model.digest,
        "files": digests,
    }
    return (json.dumps(manifest, indent=2) + "\n").encode()


def generate_tree(model_name: str, output: Path) -> GeneratedTree:
    """Write the tree for a model (name under models/ or path of an image) into *output*.

    An older generated tree there is brought up to date; other files in it stay. Raises
    UsageError when *output* holds something else, DataError when it cannot be written.
    """
    model = find_model(model_name)
    files = tree_files(model)
    old = _old_files(output)
    try:
        for name, content in files.items():
            if name != MANIFEST:
                write_if_changed(output / name, content)
        for name in sorted(old - files.keys()):
            (output / name).unlink(missing_ok=True)
        write_if_changed(output / MANIFEST, files[MANIFEST])  # last: it vouches for the rest
    except OSError as error:
        raise DataError(
            f"{error.filename}: cannot be written ({error.strerror}); choose another --output"
        ) from error
    return GeneratedTree(output, model.name, model.digest, tuple(sorted(files)))


def _old_files(output: Path) -> set[str]:
    """Files that an earlier run listed in *output*; checks that the folder is ours to change."""
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; --output takes a folder")
    manifest = output / MANIFEST
    if not manifest.exists():
        if output.exists() and any(output.iterdir()):
            raise UsageError(
                f"{output}: holds other files and no {MANIFEST}; give a new or empty folder"
            )
        return set()
    try:
        names = json.loads(manifest.read_text())["files"].keys()
    except (ValueError, KeyError, AttributeError) as error:
        raise DataError(f"{manifest}: is damaged; delete {output} and generate again") from error
    # a name that leads out of the folder is not one of ours
    return {name for name in names if not name.startswith("/") and ".." not in name.split("/")}


def check_tree(model_name: str, output: Path) -> list[str]:
    """Names in *output* that are missing, changed or left over; empty: up to date."""
    files = tree_files(find_model(model_name))
    if not (output / MANIFEST).exists():
        raise UsageError(f"{output}: is no generated tree (no {MANIFEST})")
    differing = {name for name in _old_files(output) - files.keys() if (output / name).exists()}
    return sorted(differing | _changed(output, files))


def check_tables() -> list[str]:
    """Generated C tables of the checkout that differ from what Python renders."""
    return sorted(_changed(checkout_root(), rendered_tables()))


def update_tables() -> list[str]:
    """Write the generated C tables into the checkout; returns the names that changed."""
    root = checkout_root()
    return [
        name
        for name, content in sorted(rendered_tables().items())
        if write_if_changed(root / name, content)
    ]


def _changed(root: Path, files: Mapping[str, bytes]) -> set[str]:
    return {
        name
        for name, content in files.items()
        if not (root / name).is_file() or (root / name).read_bytes() != content
    }


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write *content* in one step unless the file has it already; True if it was written."""
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_bytes(content)
    return True

# SPDX-License-Identifier: Apache-2.0
"""Folders that are made, files that appear under their final name whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from host_tools.errors import DataError


def check_target(path: Path) -> None:
    """DataError when a file called *path* could not be made; to be called before long work."""
    if path.is_dir():
        raise DataError(f"{path}: is a folder, give a file name")
    if not path.parent.is_dir():
        raise DataError(f"{path}: the folder {path.parent} does not exist")
    if not os.access(path.parent, os.W_OK):
        raise DataError(f"{path}: no permission to write in {path.parent}")


def make_folder(path: Path) -> None:
    """Make a folder with all above it, or find it there. Raises DataError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{path}: no folder can be made there: {error.strerror or error}; name another"
        ) from error


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside *path*; move it there at the end, delete it on an exception.

    Raises DataError when the folder is missing or cannot be written.
    """
    check_target(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise DataError(f"{path}: cannot write: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()

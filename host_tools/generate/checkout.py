# SPDX-License-Identifier: Apache-2.0
"""Where the C sources and models of this kit are."""

from __future__ import annotations

from pathlib import Path

from host_tools.errors import MissingDependency


def checkout_root() -> Path:
    """Folder that holds firmware/ and models/; they are not part of an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "firmware" / "CMakeLists.txt").is_file():
        raise MissingDependency(
            f"{root}: no C sources here; run from a clone of the project (pip install -e .)"
        )
    return root

# SPDX-License-Identifier: Apache-2.0
"""What a test needs from the machine: absent, it is skipped here and fails where CI=true."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def need(present: bool, what: str) -> None:
    """Skip the test with *what* as reason unless *present*; a failure in CI."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def need_program(name: str) -> str:
    """Path of a program on PATH."""
    path = shutil.which(name)
    need(path is not None, f"{name} is not installed (make setup)")
    return str(path)


def need_build(preset: str, product: str = "libpercepnet.a") -> Path:
    """A product of a CMake preset, for example of rpi-aarch64."""
    path = ROOT / "build" / preset / "firmware" / product
    need(path.exists(), f"{path.relative_to(ROOT)} is not built (make build)")
    return path

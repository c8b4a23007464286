# SPDX-License-Identifier: Apache-2.0
"""kernel8.img with a small model: quick to build, quick to send."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.needs import ROOT, need_program


@pytest.fixture(scope="session")
def small_kernel(model_path: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image as users build it, but for the model in it."""
    for program in ("cmake", "ninja", "clang-19", "ld.lld-19", "llvm-objcopy-19"):
        need_program(program)
    folder = tmp_path_factory.mktemp("bare-metal")
    settings = [f"-DPN_MODEL_IMAGE={model_path}", "-DPN_WERROR=ON"]
    for command in (
        ["cmake", "--preset", "rpi-bare-metal", "-B", str(folder), *settings],
        ["cmake", "--build", str(folder), "--target", "kernel8"],
    ):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "firmware" / "kernel8.img"

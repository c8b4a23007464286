# SPDX-License-Identifier: Apache-2.0
"""A small program with marks, built for an emulated CPU."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.needs import need_program

PROGRAM = Path(__file__).with_name("marked_program.c")

COMPILERS = {"aarch64": "aarch64-linux-gnu-gcc", "arm": "arm-linux-gnueabihf-gcc"}


@pytest.fixture
def build_marked(tmp_path: Path) -> Callable[..., Path]:
    """Build marked_program.c for an emulated CPU: (architecture, *flags) -> program."""

    def build(architecture: str, *flags: str) -> Path:
        compiler = need_program(COMPILERS[architecture])
        need_program(f"qemu-{architecture}")
        program = tmp_path / f"marked-{architecture}"
        command = [compiler, "-O2", "-static", *flags, str(PROGRAM), "-o", str(program)]
        subprocess.run(command, check=True, capture_output=True)
        return program

    return build

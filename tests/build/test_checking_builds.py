# SPDX-License-Identifier: Apache-2.0
"""Whole-library runs of the builds that check themselves: kernels compared, sanitizers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from host_tools.network.checkpoint import random_checkpoint
from host_tools.network.prune import prune_checkpoint
from host_tools.quantize.image import save_image
from host_tools.quantize.weights import quantize_checkpoint
from tests.conftest import SMALL
from tests.needs import need_build, need_program

EMULATORS = {"host": None, "rpi-aarch64": "qemu-aarch64", "rpi-armv7": "qemu-arm"}


@pytest.fixture(params=["dense", "sparse"])
def image_path(request: pytest.FixtureRequest, model_path: str, tmp_path: Path) -> str:
    """Image of a small model, all dense or with block-sparse matrices."""
    if request.param == "dense":
        return model_path
    path = tmp_path / "sparse.pnm"
    save_image(quantize_checkpoint(prune_checkpoint(random_checkpoint(SMALL, seed=1))), path)
    return str(path)


@pytest.mark.parametrize(
    ("target", "cpu", "kernel"),
    [
        ("host", None, None),
        ("rpi-aarch64", "cortex-a53", "neon"),
        ("rpi-aarch64", "cortex-a76", "dotprod"),
        ("rpi-aarch64", "max", "dotprod"),
        ("rpi-armv7", "cortex-a7", "neon"),
        ("rpi-armv7", "cortex-a15", "neon"),
    ],
)
def test_kernels_agree_with_the_scalar_ones_over_three_seconds(
    target: str, cpu: str | None, kernel: str | None, image_path: str
) -> None:
    program = need_build(f"{target}-check-kernels", "percepnet_sizes")
    emulator = EMULATORS[target]
    command = [str(program), image_path]
    if emulator is not None:
        command.insert(0, need_program(emulator))
    environment = dict(os.environ) if cpu is None else {**os.environ, "QEMU_CPU": cpu}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if kernel is not None:
        assert f"kernel {kernel}\n" in done.stdout


def test_sanitizers_find_nothing_in_three_seconds(image_path: str) -> None:
    program = need_build("host-asan", "percepnet_sizes")
    done = subprocess.run([str(program), image_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "runtime error" not in done.stderr

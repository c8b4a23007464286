# SPDX-License-Identifier: Apache-2.0
"""Signals at the edge of the number range: no undefined behaviour, one output everywhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.library.library import random_image
from tests.needs import need_build, need_program

RUNS = [
    ("host", None, None),
    ("rpi-aarch64", "qemu-aarch64", "cortex-a53"),
    ("rpi-aarch64", "qemu-aarch64", "cortex-a76"),
    ("rpi-armv7", "qemu-arm", "cortex-a7"),
]


def run(preset: str, emulator: str | None, cpu: str | None, image: Path) -> str:
    command = [str(need_build(preset, "signal_extremes")), str(image)]
    if emulator is not None and cpu is not None:
        command = [need_program(emulator), "-cpu", cpu, *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "runtime error" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.pnm"
    path.write_bytes(random_image(seed=3))
    return path


@pytest.mark.parametrize(("preset", "emulator", "cpu"), RUNS)
def test_extreme_signals_leave_the_sanitizers_silent_and_sound_the_same_everywhere(
    preset: str, emulator: str | None, cpu: str | None, image: Path
) -> None:
    assert run(preset, emulator, cpu, image) == run("host-asan", None, None, image)

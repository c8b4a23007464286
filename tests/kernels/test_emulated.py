# SPDX-License-Identifier: Apache-2.0
"""The ARM kernels, run by user-mode emulation: equal to scalar, and the network equal to NumPy."""

from __future__ import annotations

import os
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

from host_tools.network.checkpoint import random_checkpoint
from host_tools.network.prune import prune_checkpoint
from host_tools.quantize.image import save_image
from host_tools.quantize.integer_model import IntegerNetwork, IntegerOutput
from host_tools.quantize.sparse import stored_sparse
from host_tools.quantize.weights import quantize_checkpoint
from tests.needs import need_build, need_program
from tests.quantize.models import SMALL, plausible_features

MACHINES = [
    ("host", None, None, ("scalar",)),
    ("rpi-aarch64", "qemu-aarch64", "cortex-a53", ("scalar", "neon")),
    ("rpi-aarch64", "qemu-aarch64", "cortex-a72", ("scalar", "neon")),
    ("rpi-aarch64", "qemu-aarch64", "neoverse-n1", ("scalar", "neon", "dotprod")),
    ("rpi-aarch64", "qemu-aarch64", "max", ("scalar", "neon", "dotprod")),
    ("rpi-armv7", "qemu-arm", "cortex-a7", ("scalar", "neon")),
    ("rpi-armv7", "qemu-arm", "cortex-a15", ("scalar", "neon")),
]
FRAMES = 21


def outputs_crc(out: IntegerOutput) -> int:
    """CRC-32 of the outputs as the self-test takes it: gains, strengths, voice, frame by frame."""
    crc = 0
    for gain, strength, voice in zip(out.gain_q15, out.strength_q15, out.voice_q15, strict=True):
        crc = zlib.crc32(gain.astype("<u2").tobytes(), crc)
        crc = zlib.crc32(strength.astype("<u2").tobytes(), crc)
        crc = zlib.crc32(voice.astype("<i4").tobytes(), crc)
    return crc


@pytest.mark.parametrize(
    ("target", "emulator", "cpu", "families"),
    MACHINES,
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else str(value),
)
def test_every_family_of_the_machine_gives_the_bits_of_the_numpy_network(
    target: str, emulator: str | None, cpu: str | None, families: tuple[str, ...], tmp_path: Path
) -> None:
    program = need_build(target, "kernel_selftest")
    model = quantize_checkpoint(prune_checkpoint(random_checkpoint(SMALL, 11)))
    stored = {stored_sparse(name, matrix.weights) for name, matrix in model.matrices.items()}
    assert stored == {False, True}
    features = plausible_features(FRAMES, 11)
    save_image(model, tmp_path / "m.pnm")
    features.astype("<i2").tofile(tmp_path / "features.raw")
    command = [str(program), str(tmp_path / "m.pnm"), str(tmp_path / "features.raw"), str(FRAMES)]
    environment = dict(os.environ)
    if emulator is not None:
        command.insert(0, need_program(emulator))
        environment["QEMU_CPU"] = str(cpu)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = set(done.stdout.splitlines())
    wanted = f"{outputs_crc(IntegerNetwork(model).run(features)):08x}"
    for family in families:
        assert f"{family}: kernels equal" in lines
        assert f"{family}: network 1 {wanted}" in lines
        assert f"{family}: network 2 {wanted}" in lines


def test_the_self_test_refuses_a_damaged_image(tmp_path: Path) -> None:
    program = need_build("host", "kernel_selftest")
    (tmp_path / "bad.pnm").write_bytes(b"PNM1" + bytes(3000))
    np.zeros(70, np.int16).tofile(tmp_path / "f.raw")
    done = subprocess.run(
        [str(program), str(tmp_path / "bad.pnm"), str(tmp_path / "f.raw"), "1"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "bad image" in done.stderr

# SPDX-License-Identifier: Apache-2.0
"""The Java layer costs at most one hundredth of a frame, in instructions on emulated ARM."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from host_tools.measure.counts import read_counts
from host_tools.measure.plugin import build_plugin, plugin_arguments
from tests.android.jvm import C_FLAGS, MODULE, jni_include_flags
from tests.needs import ROOT, need_build, need_program

ARMV7_FLAGS = ["-march=armv7-a", "-mfpu=neon", "-mfloat-abi=hard"]
TARGETS = {
    "rpi-aarch64": ("qemu-aarch64", ["--target=aarch64-linux-gnu"]),
    "rpi-armv7": ("qemu-arm", ["--target=arm-linux-gnueabihf", *ARMV7_FLAGS]),
}
WAYS = ("shorts", "floats", "buffers", "block")


def counting_program(preset: str, folder: Path) -> Path:
    program = folder / "jni_cost"
    command = [need_program("clang-19"), *TARGETS[preset][1], "-fuse-ld=lld", "-static", *C_FLAGS]
    command += [*jni_include_flags(), f"-I{ROOT}/firmware/include"]
    command += [str(MODULE / "cpp" / "percepnet_jni.c")]
    command += [str(ROOT / "tests" / "android" / "c" / "jni_cost.c")]
    subprocess.run([*command, str(need_build(preset)), "-o", str(program)], check=True)
    return program


@pytest.mark.parametrize("preset", TARGETS)
def test_the_java_layer_costs_at_most_a_hundredth_of_a_frame(preset: str, tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    plugin = ",".join([str(build_plugin()), *plugin_arguments(counts, warmup=2)])
    program = counting_program(preset, tmp_path)
    subprocess.run([need_program(TARGETS[preset][0]), "-plugin", plugin, program], check=True)
    stages = read_counts(counts).stages
    extra = {way: stages[way] - stages["direct"] for way in WAYS}
    print({way: round(instructions) for way, instructions in extra.items()}, stages["direct"])
    assert min(extra.values()) > 0
    assert max(extra.values()) <= 0.01 * stages["direct"]

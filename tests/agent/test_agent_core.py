# SPDX-License-Identifier: Apache-2.0
"""The agent's core stays fit for a board without an operating system."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.needs import ROOT, need_program

CORE = (
    *("agent/agent.c", "agent/serve.c", "agent/runner.c", "agent/frame.c"),
    *("agent/flash.c", "agent/readings.c", "agent/stage_marks.c", "src/crc32.c"),
)
FREESTANDING = {"memcpy", "memset", "memmove", "memcmp", "strlen"}
FLAGS = (
    *("-std=c11", "-O2", "-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-c"),
    *("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Werror", "-fstack-usage"),
)
STACK_MAX_BYTES = 6 * 1024


@pytest.mark.parametrize("compiler", ["gcc", "aarch64-linux-gnu-gcc", "arm-linux-gnueabihf-gcc"])
def test_the_core_needs_only_memory_functions_and_little_stack(
    tmp_path: Path, compiler: str
) -> None:
    need_program(compiler)
    firmware = ROOT / "firmware"
    sources = [str(firmware / name) for name in CORE]
    includes = [f"-I{firmware / folder}" for folder in ("include", "src", "agent")]
    subprocess.run([compiler, *FLAGS, *includes, *sources], cwd=tmp_path, check=True)
    objects = sorted(str(path) for path in tmp_path.glob("*.o"))
    assert len(objects) == len(CORE)
    listing = subprocess.run(
        [compiler.replace("gcc", "nm"), "-u", *objects], capture_output=True, text=True, check=True
    ).stdout
    needed = {line.split()[1] for line in listing.splitlines() if line.strip().startswith("U ")}
    outside = {name for name in needed if not name.startswith(("pn_", "__aeabi_"))}
    assert needed & {"pn_process_frame", "pn_process_packet"}
    assert outside <= FREESTANDING
    usage = "".join(path.read_text() for path in tmp_path.glob("*.su"))
    assert max(int(line.split("\t")[1]) for line in usage.splitlines()) <= STACK_MAX_BYTES

# SPDX-License-Identifier: Apache-2.0
"""The Java API on JVMs for ARM, with libraries for Linux and with the one that phones get."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from host_tools.measure.clip import load_clip
from tests.android.arm_jvm import ARM64, ARMHF, ArmJvm, link_for_4_kb, shipped_library
from tests.android.jvm import CHECK_SOURCES, CheckRun, compile_java, link_library, run_java
from tests.library.library import random_image
from tests.needs import need_program

SAMPLES = slice(36_000, 36_000 + 480 * 10)  # of speech; an emulator takes some 20 ms a frame
HOST = "this machine"
LINUX_32, LINUX_64 = "Linux, 32 bits", "Linux, 64 bits"
PHONE_4_KB, PHONE_16_KB = "phone, 4 KB pages", "phone, 16 KB pages"
EXPECTED = {
    LINUX_32: {"architecture": "arm", "page bytes": "4096", "kernel": "neon"},
    PHONE_4_KB: {"architecture": "aarch64", "page bytes": "4096", "kernel": "neon"},
    LINUX_64: {"architecture": "aarch64", "page bytes": "4096", "kernel": "dotprod"},
    PHONE_16_KB: {"architecture": "aarch64", "page bytes": "16384", "kernel": "dotprod"},
}
pytestmark = pytest.mark.slow
on_each = pytest.mark.parametrize("machine", EXPECTED)


@dataclass
class Outcome:
    """What the checks printed and the samples that they wrote, as SHA-256 by file."""

    printed: CheckRun
    digests: dict[str, str]


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classes")
    compile_java(folder, sorted(CHECK_SOURCES.rglob("*.java")))
    return folder


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shipped_library(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def outcomes(
    classes: Path, shipped: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """Of all machines, run at the same time."""

    def linked(jvm: ArmJvm) -> Path:
        return link_library(tmp_path_factory.mktemp("linked"), jvm.preset, jvm.compiler)

    machines = {
        LINUX_32: (ARMHF.command("cortex-a7"), linked(ARMHF)),
        PHONE_4_KB: (ARM64.command("cortex-a53", 4096, shipped.parent), shipped),
        LINUX_64: (ARM64.command("cortex-a76"), linked(ARM64)),
        PHONE_16_KB: (ARM64.command("cortex-a76", 16384, shipped.parent), shipped),
        HOST: ([need_program("java")], link_library(tmp_path_factory.mktemp("linked"))),
    }

    def run(machine: str) -> Outcome:
        java, library = machines[machine]
        files = tmp_path_factory.mktemp("files")
        load_clip().noisy[SAMPLES].tofile(files / "noisy.s16")
        (files / "model.pnm").write_bytes(random_image())
        printed = run_java(java, classes, library, ["org.percepnet.EmulatedChecks", str(files)])
        written = sorted(set(files.glob("*.s16")) - {files / "noisy.s16"})
        digests = {path.name: sha256(path.read_bytes()).hexdigest() for path in written}
        return Outcome(printed, digests)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(machines, pool.map(run, machines), strict=True))


@on_each
def test_all_java_checks_pass_and_the_jvm_finds_no_wrong_native_call(
    outcomes: dict[str, Outcome], machine: str
) -> None:
    printed = outcomes[machine].printed
    assert printed.other_lines == []
    assert {name: reason for name, reason in printed.failures.items() if reason} == {}
    assert list(printed.failures) == list(outcomes[HOST].printed.failures) != []


@on_each
def test_the_jvm_and_the_kernel_are_those_meant(outcomes: dict[str, Outcome], machine: str) -> None:
    facts = outcomes[machine].printed.facts
    assert {name: facts[name] for name in EXPECTED[machine]} == EXPECTED[machine]
    assert facts["JVM"].endswith("-Debian")


@on_each
def test_the_samples_are_those_of_this_machine(outcomes: dict[str, Outcome], machine: str) -> None:
    assert outcomes[machine].digests == outcomes[HOST].digests


def test_the_samples_differ_where_they_should(outcomes: dict[str, Outcome]) -> None:
    digests = outcomes[HOST].digests
    assert list(digests) == ["blocks.s16", "frames.s16", "own_model.s16", "voice.s16"]
    assert len(set(digests.values())) == len(digests)


def test_pages_of_16_kb_refuse_the_library_linked_for_4_kb(
    classes: Path, shipped: Path, tmp_path: Path
) -> None:
    library = link_for_4_kb(shipped, tmp_path)
    main = ["org.percepnet.AllChecks", "errors", str(tmp_path)]
    (tmp_path / "model.pnm").write_bytes(random_image())
    loaded, refused = (
        run_java(ARM64.command("cortex-a76", page_bytes, tmp_path), classes, library, main).failures
        for page_bytes in (4096, 16384)
    )
    assert loaded
    assert not any(loaded.values())
    assert "UnsatisfiedLinkError" in next(iter(refused.values()))
    assert "page-aligned" in next(iter(refused.values()))

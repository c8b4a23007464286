# SPDX-License-Identifier: Apache-2.0
"""The Java class does what it documents, on a JVM that checks every native call."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from host_tools.measure.clip import load_clip
from tests.android.jvm import (
    C_FLAGS,
    CHECK_SOURCES,
    MODULE,
    CheckRun,
    compile_java,
    jni_include_flags,
    link_library,
    run_checks,
)
from tests.library.library import Percepnet, Samples, api, random_image
from tests.needs import ROOT, need_program

HEADER = (ROOT / "firmware" / "include" / "percepnet" / "percepnet.h").read_text()
PUBLIC = re.findall(r"^PN_API [^;]*?\b(pn_\w+)\(", HEADER, re.MULTILINE)
MODEL = ROOT / "models" / "percepnet" / "percepnet.pnm"
FRAMES = 200

CHECKS = {
    "sound": [
        "frames",
        "blocks",
        "in place",
        "floats",
        "direct buffers",
        "floats are clamped and rounded",
        "any block size",
        "reset",
        "bypass",
        "attenuation limit",
        "voice probability",
        "model from bytes",
        "facts",
    ],
    "errors": [
        "arrays that are too short",
        "wrong buffers",
        "missing arguments",
        "numbers out of range",
        "calls after close",
        "bad models",
        "native methods called directly",
    ],
    "threads": [
        "threads on one instance",
        "threads on their own instances",
        "close during process",
        "settings during process",
    ],
    "memory": ["no allocation per frame", "open and close", "dropped without close"],
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return link_library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the checks read from and write to."""
    folder = tmp_path_factory.mktemp("files")
    noisy().tofile(folder / "noisy.s16")
    (folder / "model.pnm").write_bytes(random_image())
    return folder


@pytest.fixture(scope="module")
def run(
    library: Path, files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], CheckRun]:
    """Runs a group of checks, each once."""
    classes = tmp_path_factory.mktemp("classes")
    compile_java(classes, sorted(CHECK_SOURCES.rglob("*.java")))
    return cache(lambda group: run_checks(classes, library, group, files))


def noisy() -> Samples:
    return load_clip().noisy[: 480 * FRAMES]


def written(files: Path, name: str) -> Samples:
    return np.fromfile(files / name, np.int16)


def built_in() -> Percepnet:
    return Percepnet(MODEL.read_bytes())


@pytest.mark.parametrize(("group", "check"), [(g, c) for g, names in CHECKS.items() for c in names])
def test_the_java_check_passes(run: Callable[[str], CheckRun], group: str, check: str) -> None:
    assert run(group).failures.get(check, "did not run") == ""


@pytest.mark.parametrize("group", CHECKS)
def test_the_jvm_finds_no_wrong_native_call(run: Callable[[str], CheckRun], group: str) -> None:
    assert run(group).other_lines == []
    assert list(run(group).failures) == CHECKS[group]


def test_frames_are_those_of_the_library(run: Callable[[str], CheckRun], files: Path) -> None:
    run("sound")
    assert np.array_equal(written(files, "frames.s16"), built_in().frames(noisy()))


def test_blocks_are_those_of_the_library(run: Callable[[str], CheckRun], files: Path) -> None:
    run("sound")
    expected = built_in().any_blocks(noisy(), [1023])
    assert np.array_equal(written(files, "blocks.s16"), expected)


def test_a_model_given_as_bytes_is_used(run: Callable[[str], CheckRun], files: Path) -> None:
    run("sound")
    assert np.array_equal(
        written(files, "own_model.s16"), Percepnet(random_image()).frames(noisy())
    )


def test_voice_probability_follows_the_speech(run: Callable[[str], CheckRun], files: Path) -> None:
    run("sound")
    voice = written(files, "voice.s16") / 32768
    assert voice.min() >= 0
    assert voice.max() > 0.9
    assert len(voice) == FRAMES


def test_numbers_are_those_of_the_library(run: Callable[[str], CheckRun]) -> None:
    facts = run("sound").facts
    assert int(facts["frame length"]) == api().pn_frame_samples()
    assert int(facts["sample rate"]) == api().pn_sample_rate()
    assert int(facts["delay"]) == api().pn_delay_samples()
    assert int(facts["delay of any blocks"]) == api().pn_process_delay_samples()
    assert facts["kernel"] == api().pn_kernel_name(built_in().state).decode()
    assert facts["version"] == api().pn_version().decode()


def exports(library: Path) -> set[str]:
    with library.open("rb") as file:
        symbols: Any = ELFFile(file).get_section_by_name(".dynsym")
        return {s.name for s in symbols.iter_symbols() if s["st_shndx"] != "SHN_UNDEF"}


def test_the_library_shows_the_public_header_and_the_entry_of_the_jvm(library: Path) -> None:
    assert len(PUBLIC) == 20
    assert exports(library) == {"JNI_OnLoad", *PUBLIC}


@pytest.mark.slow
def test_cmake_builds_the_same_library(library: Path, tmp_path: Path) -> None:
    options = ["-DPN_BUILD_JNI=ON", "-DPN_WERROR=ON", "-G", "Ninja"]
    cmake = need_program("cmake")
    configure = [cmake, "-S", str(ROOT), "-B", str(tmp_path), *options]
    subprocess.run(configure, check=True, capture_output=True)
    build = [cmake, "--build", str(tmp_path), "--target", "percepnet_jni"]
    subprocess.run(build, check=True, capture_output=True)
    assert exports(tmp_path / "firmware" / "jni" / "libpercepnet.so") == exports(library)


@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_the_native_layer_compiles_without_a_warning(compiler: str, tmp_path: Path) -> None:
    command = [need_program(compiler), *C_FLAGS, *jni_include_flags()]
    command += [f"-I{ROOT}/firmware/include", "-c", str(MODULE / "cpp" / "percepnet_jni.c")]
    subprocess.run([*command, "-o", str(tmp_path / "out.o")], check=True)


def test_the_java_example_of_the_document_compiles(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "android-api.md").read_text()
    (example,) = re.findall(r"^```java\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    (tmp_path / "Cleaner.java").write_text(example)
    compile_java(tmp_path, [tmp_path / "Cleaner.java"])


def test_java_sources_import_nothing_of_android() -> None:
    imports = {
        name
        for path in (MODULE / "java").rglob("*.java")
        for name in re.findall(r"^import (?:static )?([\w.]+);", path.read_text(), re.MULTILINE)
    }
    assert imports
    assert {name.split(".")[0] for name in imports} == {"java"}


def test_consumer_rules_keep_what_the_native_layer_looks_up() -> None:
    rules = (ROOT / "android" / "percepnet" / "consumer-rules.pro").read_text()
    looked_up = re.search(r'CLASS_NAME "([\w/]+)"', (MODULE / "cpp/percepnet_jni.c").read_text())
    assert looked_up
    kept = looked_up[1].replace("/", ".")
    assert re.search(rf"-keep class {re.escape(kept)} {{\s+native <methods>;\s+}}", rules)
    assert (MODULE / "java" / f"{looked_up[1]}.java").exists()

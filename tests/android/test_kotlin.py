# SPDX-License-Identifier: Apache-2.0
"""Kotlin of the document and of the demo compiles, and gives the library's output on a JVM."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from host_tools.build.java_classes import classes_jar
from host_tools.measure.clip import load_clip
from tests.android.jvm import MODULE, link_library
from tests.android.kotlin import STUBS, compile_kotlin, compile_stubs, need_kotlin
from tests.library.library import Percepnet, Samples
from tests.needs import ROOT, need_program

pytestmark = pytest.mark.slow

DOCUMENT = (ROOT / "docs" / "android-api.md").read_text()
EXAMPLES = re.findall(r"^```kotlin\n(import .*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
DEMO = ROOT / "android/demo/src/main/kotlin"
MODEL = ROOT / "models" / "percepnet" / "percepnet.pnm"
DELAY, ANY_DELAY = 1440, 1920


@dataclass
class KotlinRun:
    """What the examples and the demo made of the sound."""

    folder: Path
    lines: list[str]

    def samples(self, name: str) -> Samples:
        return np.fromfile(self.folder / name, np.int16)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> KotlinRun:
    standard = need_kotlin() / "lib/kotlin-stdlib.jar"
    folder = tmp_path_factory.mktemp("kotlin")
    library = link_library(folder)
    jar, stubs, out = folder / "classes.jar", folder / "stubs", folder / "out"
    jar.write_bytes(classes_jar(MODULE / "java"))
    compile_stubs(stubs, folder / "sources")
    sources = [STUBS / "Run.kt", *sorted(DEMO.rglob("*.kt"))]
    for index, text in enumerate(EXAMPLES):
        sources.append(folder / f"Example{index}.kt")
        sources[-1].write_text(text)
    compile_kotlin(out, sources, [jar, stubs])
    noisy().tofile(folder / "noisy.s16")
    soundfile.write(folder / "noisy.wav", noisy(), 48000, subtype="PCM_16")
    command = [need_program("java"), "-Xcheck:jni", "-XX:TieredStopAtLevel=1"]
    command += ["--enable-native-access=ALL-UNNAMED", f"-Djava.library.path={library.parent}"]
    command += ["-cp", ":".join(map(str, (out, jar, stubs, standard))), "RunKt", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return KotlinRun(folder, (done.stdout + done.stderr).splitlines())


def noisy() -> Samples:
    return load_clip().noisy[: 480 * 200]


def built_in() -> Percepnet:
    return Percepnet(MODEL.read_bytes())


def padded(samples: int) -> Samples:
    return np.concatenate((noisy(), np.zeros(samples, np.int16)))


def test_the_document_shows_a_recording_and_live_sound() -> None:
    assert [re.findall(r"fun (\w+)", text) for text in EXAMPLES] == [["clean"], ["denoise"]]


def test_the_recording_of_the_document_comes_out_as_from_the_library(run: KotlinRun) -> None:
    expected = built_in().frames(padded(DELAY))[DELAY:]
    assert np.array_equal(run.samples("clean.s16"), expected)
    assert np.any(expected)


def test_live_sound_of_the_document_comes_out_as_from_the_library(run: KotlinRun) -> None:
    library = built_in()
    assert library.call("pn_set_attenuation_limit_db", 30) == 0
    assert np.array_equal(run.samples("denoise.s16"), library.frames(noisy()))


def test_live_sound_of_the_demo_comes_out_as_from_the_library(run: KotlinRun) -> None:
    assert np.array_equal(run.samples("live.s16"), built_in().frames(noisy()))


def test_the_switch_of_the_demo_passes_the_sound_as_it_came_in(run: KotlinRun) -> None:
    delayed = run.samples("bypass.s16")
    assert not delayed[:DELAY].any()
    assert np.array_equal(delayed[DELAY:], noisy()[:-DELAY])


def test_the_demo_says_that_the_microphone_stopped_and_the_jvm_finds_no_wrong_call(
    run: KotlinRun,
) -> None:
    assert run.lines == ["the microphone stopped (0)"] * 2


def test_the_demo_cleans_a_wav_file(run: KotlinRun) -> None:
    cleaned, rate = soundfile.read(run.folder / "clean.wav", dtype="int16")
    expected = built_in().any_blocks(padded(ANY_DELAY), [480 * 200 + ANY_DELAY])[ANY_DELAY:]
    assert rate == 48000
    assert np.array_equal(cleaned, expected)

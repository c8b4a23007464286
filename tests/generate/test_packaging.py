# SPDX-License-Identifier: Apache-2.0
"""The generated tree builds alone, installs, and is found by CMake and by pkg-config."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from host_tools.generate.source_tree import generate_tree
from host_tools.generate.tree_readme import example_source
from tests.needs import need_program

pytestmark = pytest.mark.slow

COMPILERS = ("gcc", "clang-19")
FRAME_SAMPLES = 480
DELAY_SAMPLES = 1440

CONSUMER = """\
cmake_minimum_required(VERSION 3.20)
project(consumer C)
{lookup}
add_executable(app app.c)
target_link_libraries(app PRIVATE percepnet::percepnet)
"""


def run(*command: str | Path, folder: Path | None = None, **environment: str) -> str:
    """Run a command; its output, or a failed test that shows it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def configure_and_build(source: Path, build: Path, compiler: str, options: Sequence[str]) -> str:
    need_program("cmake")
    log = run(
        "cmake", "-G", "Ninja", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release",
        f"-DCMAKE_C_COMPILER={need_program(compiler)}", *options,
    )  # fmt: skip
    return log + run("cmake", "--build", build)


def write_consumer(folder: Path, lookup: str, tree: Path) -> Path:
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(CONSUMER.format(lookup=lookup))
    (folder / "app.c").write_text(example_source((tree / "README.md").read_text()))
    return folder


def denoise(app: Path, **environment: str) -> bytes:
    """What the README's example makes of a second of noise."""
    noise = np.random.default_rng(7).integers(-8000, 8000, 100 * FRAME_SAMPLES, dtype=np.int16)
    done = subprocess.run(
        [app], input=noise.tobytes(), capture_output=True, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tree(model_path: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "percepnet"
    generate_tree(model_path, folder)
    return folder


@pytest.fixture(scope="module", params=COMPILERS)
def prefix(
    request: pytest.FixtureRequest, tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Where the tree, built with one compiler, is installed; moved there afterwards."""
    compiler: str = request.param
    work = tmp_path_factory.mktemp(compiler)
    log = configure_and_build(tree, work / "build", compiler, ["-DPN_WERROR=ON"])
    assert "warning" not in log.lower()
    run("cmake", "--install", work / "build", "--prefix", work / "staged")
    return (work / "staged").rename(work / "moved")


@pytest.fixture(scope="module")
def first_output(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Output of the example linked through add_subdirectory with the first compiler."""
    work = tmp_path_factory.mktemp("subdirectory")
    parent = write_consumer(work / "parent", f"add_subdirectory({tree} percepnet)", tree)
    configure_and_build(parent, work / "build", COMPILERS[0], [])
    made = {path.name for path in (work / "build").rglob("*")}
    assert "percepnet_denoise" not in made  # a part of another project builds only the library
    return denoise(work / "build" / "app")


def test_example_returns_as_many_samples_and_silence_before_the_delay(first_output: bytes) -> None:
    samples = np.frombuffer(first_output, dtype=np.int16)
    assert samples.size == 100 * FRAME_SAMPLES
    assert not samples[: DELAY_SAMPLES - FRAME_SAMPLES].any()
    assert samples[DELAY_SAMPLES:].any()


def test_find_package_gives_a_library_with_the_same_bits(
    prefix: Path, tree: Path, first_output: bytes, tmp_path: Path
) -> None:
    lookup = "find_package(percepnet 0.1 CONFIG REQUIRED)"
    app = write_consumer(tmp_path / "consumer", lookup, tree)
    configure_and_build(app, tmp_path / "build", "gcc", [f"-DCMAKE_PREFIX_PATH={prefix}"])
    assert denoise(tmp_path / "build" / "app") == first_output


def test_pkg_config_gives_a_library_with_the_same_bits(
    prefix: Path, tree: Path, first_output: bytes, tmp_path: Path
) -> None:
    source = tmp_path / "app.c"
    source.write_text(example_source((tree / "README.md").read_text()))
    (folder,) = {path.parent for path in prefix.rglob("percepnet.pc")}
    flags = run(
        need_program("pkg-config"), "--cflags", "--libs", "percepnet", PKG_CONFIG_PATH=str(folder)
    ).split()
    run(need_program("gcc"), source, "-o", tmp_path / "app", *flags)
    library_folder = str(folder.parent)
    assert denoise(tmp_path / "app", LD_LIBRARY_PATH=library_folder) == first_output


def test_model_as_c_array_gives_the_same_bits(
    tree: Path, first_output: bytes, tmp_path: Path
) -> None:
    parent = write_consumer(tmp_path / "parent", f"add_subdirectory({tree} percepnet)", tree)
    configure_and_build(parent, tmp_path / "build", "gcc", ["-DPN_MODEL_AS_ARRAY=ON"])
    assert list((tmp_path / "build").rglob("embedded_model.inc"))
    assert denoise(tmp_path / "build" / "app") == first_output


def test_shared_library_without_a_model_says_so(tree: Path, tmp_path: Path) -> None:
    parent = write_consumer(tmp_path / "parent", f"add_subdirectory({tree} percepnet)", tree)
    options = ["-DBUILD_SHARED_LIBS=ON", "-DPN_EMBED_MODEL=OFF"]
    configure_and_build(parent, tmp_path / "build", "gcc", options)
    done = subprocess.run([tmp_path / "build" / "app"], input="", capture_output=True, text=True)
    assert done.returncode == 1
    assert "no model" in done.stderr


def test_installed_denoise_program_says_how_to_use_it(prefix: Path) -> None:
    program = prefix / "bin" / "percepnet_denoise"
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "IN.wav" in done.stderr

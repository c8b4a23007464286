# SPDX-License-Identifier: Apache-2.0
"""libpercepnet.so for Android: built without the NDK, and run on Linux to compare its bytes."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from host_tools.build import build
from host_tools.build.android_stubs import make_stubs
from host_tools.build.elf_gate import ANDROID_ABIS, library_findings
from tests.android.native import ARM64, exported_symbols, link, make_shim, outside_symbols
from tests.needs import ROOT, need, need_build, need_program

ABIS = [abi.name for abi in ANDROID_ABIS]
MODULE = ROOT / "android/percepnet/src/main/cpp"
HEADER = (ROOT / "firmware/include/percepnet/percepnet.h").read_text()
API = set(re.findall(r"^PN_API [^(]*?(pn_\w+)\(", HEADER, re.MULTILINE))
KERNEL_NUMBERS = {"auto": 0, "scalar": 1, "neon": 2, "dotprod": 3}
RUNNERS = {
    "arm64-v8a": ("aarch64-linux-gnu-gcc", "b {}", "qemu-aarch64", "/usr/aarch64-linux-gnu"),
    "armeabi-v7a": ("arm-linux-gnueabihf-gcc", "b {}", "qemu-arm", "/usr/arm-linux-gnueabihf"),
    "x86_64": ("cc", "jmp {}@PLT", None, None),
}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The libraries by ABI, from an output folder of ``host_tools build --target android``."""
    for program in ("cmake", "ninja", "clang-19", "ld.lld-19"):
        need_program(program)
    output = tmp_path_factory.mktemp("android")
    made = build("android", output)
    files = {abi: output / "jni" / abi / "libpercepnet.so" for abi in ABIS}
    assert set(files.values()) <= set(made.files)
    return files


@pytest.mark.parametrize("abi", ABIS)
def test_the_library_keeps_the_rules_of_its_abi(libraries: dict[str, Path], abi: str) -> None:
    assert library_findings(libraries[abi], abi) == []


@pytest.mark.parametrize("abi", ABIS)
def test_the_library_shows_the_public_header_and_the_java_entry(
    libraries: dict[str, Path], abi: str
) -> None:
    need(shutil.which("javac") is not None, "javac is not installed (default-jdk-headless)")
    assert exported_symbols(libraries[abi]) == API | {"JNI_OnLoad"}


@pytest.mark.parametrize("abi", ABIS)
def test_the_library_has_the_fast_kernels_and_asks_the_cpu(
    libraries: dict[str, Path], abi: str
) -> None:
    flags = (ROOT / "build" / f"android-{abi}" / "compile_commands.json").read_text()
    families = {"arm64-v8a": {"NEON", "DOTPROD"}, "armeabi-v7a": {"NEON"}}
    expected = families.get(abi, {"AVX2", "AVX512VNNI"}) | {"SCALAR"}
    assert set(re.findall(r"PN_HAVE_(\w+)", flags)) == expected
    if abi != "x86_64":
        assert "getauxval" in outside_symbols(libraries[abi])


def run_android(
    abi: str, library: Path, folder: Path, samples: bytes, kernel: str, page: int = 0
) -> bytes:
    """Output for *samples* of the Android library, on this system's C library."""
    need_program(RUNNERS[abi][0])
    folder.mkdir(exist_ok=True)
    library = Path(shutil.copy(library, folder))
    if abi == "armeabi-v7a":
        _mark_as_hard_float(library)
    make_shim(*RUNNERS[abi][:2], library, folder)
    return run(abi, library, folder, samples, kernel, page)


def run(abi: str, library: Path, folder: Path, samples: bytes, kernel: str, page: int = 0) -> bytes:
    """Output of a program in *folder* that loads *library*, and what it needs from there."""
    compiler, _, emulator, root = RUNNERS[abi]
    program = folder / "run_library"
    source = Path(__file__).with_name("run_library.c")
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Werror"]
    command = [need_program(compiler), *warnings, f"-I{ROOT / 'firmware/include'}", str(source)]
    subprocess.run([*command, "-o", str(program), "-ldl"], check=True)
    environment = dict(os.environ)
    command = [str(program), str(library), str(KERNEL_NUMBERS[kernel])]
    if emulator is None:
        environment["LD_LIBRARY_PATH"] = str(folder)
    else:
        pages = ["-p", str(page)] if page else []
        paths = ["-L", str(root), "-E", f"LD_LIBRARY_PATH={folder}"]
        command = [need_program(emulator), *pages, "-cpu", "max", *paths, *command]
    done = subprocess.run(command, input=samples, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _mark_as_hard_float(library: Path) -> None:
    """Let glibc for hard float load it: the functions called pass integers and pointers alone."""
    data = bytearray(library.read_bytes())
    flags = struct.unpack_from("<I", data, 36)[0]
    struct.pack_into("<I", data, 36, flags & ~0x200 | 0x400)
    library.write_bytes(data)


@pytest.fixture(scope="module")
def samples() -> bytes:
    """A quarter of a second: silence, a voiced sound in noise, full scale."""
    source = np.random.default_rng(5)
    time = np.arange(480 * 24) / 48000
    voiced = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12))
    signal = 4000 * voiced + 1500 * source.standard_normal(time.size)
    signal[: 480 * 2] = 0
    signal[480 * 21 : 480 * 22] = 32767
    return np.clip(signal, -32768, 32767).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def host_output(samples: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    library = need_build("host", "libpercepnet.so")
    output = run("x86_64", library, tmp_path_factory.mktemp("host"), samples, "scalar")
    assert len(output) == len(samples)
    assert any(output)
    return output


@pytest.mark.parametrize(
    ("abi", "kernel", "page"),
    [
        ("x86_64", "auto", 0),
        ("arm64-v8a", "dotprod", 4096),
        ("arm64-v8a", "dotprod", 16384),
        ("arm64-v8a", "neon", 0),
        ("armeabi-v7a", "neon", 0),
        ("armeabi-v7a", "scalar", 0),
    ],
)
def test_the_library_loads_and_gives_the_same_bytes_on_every_processor(
    libraries: dict[str, Path],
    samples: bytes,
    host_output: bytes,
    tmp_path: Path,
    abi: str,
    kernel: str,
    page: int,
) -> None:
    assert run_android(abi, libraries[abi], tmp_path, samples, kernel, page) == host_output


def test_pages_of_16_kb_refuse_a_library_for_4_kb(tmp_path: Path) -> None:
    compiler = need_program("clang-19")
    make_stubs(compiler, ARM64, tmp_path)
    small = ["-Wl,-z,max-page-size=4096", "-Wl,-z,common-page-size=4096"]
    library = link(compiler, tmp_path, tmp_path, small)
    with pytest.raises(AssertionError, match="page-aligned"):
        run_android("arm64-v8a", library, tmp_path / "run", b"", "auto", 16384)


def configure(folder: Path, *settings: str, environment: dict[str, str] | None = None) -> str:
    """The compile commands of a configure step in *folder*."""
    command = [need_program("cmake"), "-B", str(folder), *settings]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return (folder / "compile_commands.json").read_text()


def test_gradle_can_start_at_the_module_and_optimises_fully(tmp_path: Path) -> None:
    need_program("ninja")
    need_program("clang-19")
    commands = json.loads(
        configure(
            tmp_path,
            *("-G", "Ninja", "-S", str(MODULE), "-DANDROID_ABI=arm64-v8a"),
            *("-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"),
            f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'android/toolchain-stubs.cmake'}",
        )
    )
    compiled = {Path(entry["file"]).name: entry["command"] for entry in commands}
    assert {"process.c", "kernels_dotprod.c", "percepnet_jni.c"} <= set(compiled)
    assert not any(name.startswith("percepnet_agent") for name in compiled)
    for command in compiled.values():
        assert re.findall(r" -O\w\b", command)[-1] == " -O3"


@pytest.mark.parametrize("abi", ABIS)
def test_presets_with_the_ndk_use_its_toolchain_file(abi: str, tmp_path: Path) -> None:
    need_program("ninja")
    need_program("clang-19")
    file = tmp_path / "ndk/build/cmake/android.toolchain.cmake"
    file.parent.mkdir(parents=True)
    stubs = ROOT / "android/toolchain-stubs.cmake"
    file.write_text(f'set(ANDROID TRUE)\ninclude("{stubs}")\n')
    commands = configure(
        tmp_path / "build",
        *("--preset", f"android-ndk-{abi}"),
        environment={"ANDROID_NDK": str(tmp_path / "ndk")},
    )
    assert "percepnet_jni.c" in commands
    assert "aeabi_division.c" not in commands  # the NDK's compiler has its own
    target = {"arm64-v8a": "aarch64", "armeabi-v7a": "armv7a", "x86_64": "x86_64"}[abi]
    assert f"--target={target}-linux-android" in commands


def test_presets_with_the_ndk_are_not_offered_without_one() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "ANDROID_NDK"}
    command = [need_program("cmake"), "--list-presets"]
    shown = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert '"android-arm64-v8a"' in shown
    assert "android-ndk" not in shown


@pytest.mark.slow
def test_without_a_jdk_the_library_is_built_without_its_java_layer(tmp_path: Path) -> None:
    need_program("ninja")
    need_program("clang-19")
    commands = configure(
        tmp_path,
        "--preset",
        "android-arm64-v8a",
        "-DPN_JNI_INCLUDE_DIR=",
    )
    assert "percepnet_jni.c" not in commands
    command = ["cmake", "--build", str(tmp_path), "--target", "percepnet_android"]
    subprocess.run(command, check=True, capture_output=True)
    library = tmp_path / "android/libpercepnet.so"
    assert library_findings(library, "arm64-v8a") == []
    assert exported_symbols(library) == API

# SPDX-License-Identifier: Apache-2.0
"""Debian packages: what they hold and need, installed into a root of their own and removed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import soundfile
from elftools.elf.elffile import ELFFile

from host_tools.measure.clip import load_clip
from tests.build.debian_packages import NAMES, pack
from tests.needs import need_build, need_program

ARCHITECTURES = {"rpi-aarch64": "arm64", "rpi-armv7": "armhf"}
EMULATORS = {"rpi-aarch64": "qemu-aarch64", "rpi-armv7": "qemu-arm"}
OLDEST_GLIBC = (2, 17)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def preset(request: pytest.FixtureRequest) -> str:
    """A Raspberry Pi build with the plugin."""
    need_build(request.param, "percepnet_ladspa.so")
    return str(request.param)


@pytest.fixture(scope="module")
def packages(preset: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return pack(preset, tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="module")
def installed(packages: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty root with all packages installed; their C library is that of no one."""
    root = tmp_path_factory.mktemp("root")
    for folder in ("updates", "info"):
        (root / "var/lib/dpkg" / folder).mkdir(parents=True)
    for file in ("status", "available"):
        (root / "var/lib/dpkg" / file).touch()
    dpkg(root, "--install", *map(str, packages))
    return root


def dpkg(root: Path, *arguments: str) -> str:
    forced = ["--force-architecture", "--force-depends", "--force-not-root", "--no-triggers"]
    command = [need_program("dpkg"), f"--root={root}", "--log=/dev/null", *forced, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def field(package: Path, name: str) -> str:
    command = [need_program("dpkg-deb"), "--field", str(package), name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def files_of(root: Path) -> set[str]:
    inside = (path for path in root.rglob("*") if not path.is_dir() or path.is_symlink())
    return {str(path.relative_to(root)) for path in inside if "var" not in path.parts}


def newest_glibc(path: Path) -> tuple[int, ...]:
    """The newest version of the C library of which an ELF file needs a symbol."""
    with path.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".gnu.version_r")
        names = [aux.name for _, auxes in section.iter_versions() for aux in auxes]
    found = [re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", name) for name in names]
    return max((int(match[1]), int(match[2])) for match in found if match)


def test_there_is_one_package_a_purpose_for_the_right_processor(
    packages: list[Path], preset: str
) -> None:
    assert [field(package, "Package") for package in packages] == NAMES
    assert {field(package, "Architecture") for package in packages} == {ARCHITECTURES[preset]}
    assert [field(package, "Depends") for package in packages] == [
        f"libpercepnet0 (= {field(packages[1], 'Version')})",
        "libc6 (>= 2.17)",
        "libc6 (>= 2.17)",
        "",  # the programs are static
    ]


def test_files_lie_where_users_look(installed: Path) -> None:
    files = files_of(installed)
    assert {
        "usr/bin/percepnet_agent",
        "usr/bin/percepnet_denoise",
        "usr/include/percepnet/percepnet.h",
        "usr/lib/cmake/percepnet/percepnetConfig.cmake",
        "usr/lib/ladspa/percepnet_ladspa.so",
        "usr/lib/libpercepnet.a",
        "usr/lib/libpercepnet.so",
        "usr/lib/libpercepnet.so.0",
        "usr/lib/pkgconfig/percepnet.pc",
        "usr/share/percepnet/percepnet-source.service",
    } <= files
    assert {f"usr/share/doc/{name}/copyright" for name in NAMES} <= files
    assert (installed / "usr/lib/libpercepnet.so").resolve().is_file()


def test_an_old_c_library_is_enough(installed: Path) -> None:
    for name in ("usr/lib/libpercepnet.so", "usr/lib/ladspa/percepnet_ladspa.so"):
        assert newest_glibc(installed / name) <= OLDEST_GLIBC


def test_the_linker_cache_is_renewed(packages: list[Path]) -> None:
    command = [need_program("dpkg-deb"), "--info", str(packages[1]), "triggers"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "activate-noawait ldconfig\n"


def test_the_installed_program_cleans_as_that_of_this_machine(
    installed: Path, preset: str, tmp_path: Path
) -> None:
    clip = tmp_path / "noisy.wav"
    soundfile.write(clip, load_clip().noisy[:96_000], 48_000, "PCM_16")
    there = [need_program(EMULATORS[preset]), str(installed / "usr/bin/percepnet_denoise")]
    here = [str(need_build("host", "percepnet_denoise"))]
    for command, name in ((there, "there.wav"), (here, "here.wav")):
        subprocess.run([*command, str(clip), str(tmp_path / name)], check=True)
    assert (tmp_path / "there.wav").read_bytes() == (tmp_path / "here.wav").read_bytes()


def test_removing_leaves_nothing(installed: Path) -> None:
    dpkg(installed, "--remove", *NAMES)
    assert files_of(installed) == set()

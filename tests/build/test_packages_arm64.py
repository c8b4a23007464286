# SPDX-License-Identifier: Apache-2.0
"""The packages in a whole Debian for 64-bit ARM: installed by apt, used and removed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from host_tools.measure.clip import load_clip
from tests.build.arm64_root import copied_root, need_namespaces, run
from tests.build.debian_packages import NAMES, pack
from tests.needs import need_build, need_program

PRESET = "rpi-aarch64"
APT = ["apt-get", "-y", "-o", "Dpkg::Use-Pty=0"]
# what apt and dpkg write about their own work
JOURNALS = ("var/log", "var/cache", "var/lib/apt", "var/lib/dpkg/status-old", "tmp")

PROGRAM = """
#include <percepnet/percepnet.h>
#include <stdio.h>

int main(void) {
  pn_state *state = NULL;
  int16_t in[480] = {0}, out[480];
  int good = pn_create(NULL, &state) == 0 && pn_process_frame(state, in, out, NULL) == 0;
  pn_destroy(state);
  printf("%s %d\\n", pn_version(), good);
  return 0;
}
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Debian with the packages' files in /tmp."""
    need_namespaces()
    need_build(PRESET, "percepnet_ladspa.so")
    folder = tmp_path_factory.mktemp("arm64")
    packages = pack(PRESET, folder / "packages")
    for root in copied_root(folder):
        for package, name in zip(packages, NAMES, strict=True):
            shutil.copy(package, root / "tmp" / f"{name}.deb")
        yield root


@pytest.fixture(scope="module")
def before(empty: Path) -> set[str]:
    return paths_of(empty)


@pytest.fixture(scope="module")
def board(empty: Path, before: set[str]) -> Path:
    """The same with all packages installed."""
    done = succeed(empty, *APT, "install", *map(deb, NAMES))
    assert all(f"Setting up {name} " in done for name in NAMES)
    return empty


def deb(name: str) -> str:
    return f"/tmp/{name}.deb"


def succeed(root: Path, *command: str) -> str:
    done = run(root, *command)
    assert done.returncode == 0, done.stdout
    return done.stdout


def paths_of(root: Path) -> set[str]:
    """Files and folders of a root, and what dpkg knows of packages."""
    paths = {
        str(Path(folder, name).relative_to(root))
        for folder, folders, files in os.walk(root)
        for name in [*folders, *files]
    }
    return {path for path in paths if not path.startswith(JOURNALS)}


def installed_version(root: Path, name: str) -> str:
    return succeed(root, "dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", name)


def test_the_plugin_needs_no_other_package_of_the_kit(empty: Path, before: set[str]) -> None:
    done = succeed(empty, *APT, "install", "-s", deb("percepnet-ladspa"))
    assert [line.split()[1] for line in done.splitlines() if line.startswith("Inst ")] == [
        "percepnet-ladspa"
    ]


def test_apt_refuses_the_header_without_its_library(empty: Path, before: set[str]) -> None:
    done = run(empty, *APT, "install", "-s", deb("libpercepnet-dev"))
    assert done.returncode != 0
    assert "Depends: libpercepnet0" in done.stdout
    succeed(empty, *APT, "install", "-s", deb("libpercepnet-dev"), deb("libpercepnet0"))


def test_apt_installs_all_packages_and_finds_nothing_broken(board: Path) -> None:
    assert all(installed_version(board, name).startswith("ii") for name in NAMES)
    succeed(board, *APT, "check")
    assert succeed(board, "dpkg", "--audit") == ""
    assert succeed(board, "dpkg", "--verify", *NAMES) == ""


def test_the_program_cleans_as_that_of_this_machine(board: Path, tmp_path: Path) -> None:
    clip, here = board / "tmp/noisy.wav", tmp_path / "here.wav"
    soundfile.write(clip, load_clip().noisy[:96_000], 48_000, "PCM_16")
    subprocess.run([need_build("host", "percepnet_denoise"), clip, here], check=True)
    succeed(board, "percepnet_denoise", "/tmp/noisy.wav", "/tmp/there.wav")
    assert (board / "tmp/there.wav").read_bytes() == here.read_bytes()


def test_a_host_loads_the_plugin_where_hosts_look(board: Path) -> None:
    shutil.copy(need_build(PRESET, "ladspa_host"), board / "tmp")
    (board / "tmp/silence").write_bytes(bytes(48_000 * 4))
    plugin = "/usr/lib/ladspa/percepnet_ladspa.so"
    done = succeed(
        board, "sh", "-c", f"/tmp/ladspa_host {plugin} 480 100 0 </tmp/silence >/tmp/out"
    )
    assert "latency: 1920\n" in done
    assert (board / "tmp/out").stat().st_size == 48_000 * 4


def test_a_program_built_with_the_header_runs_with_the_shared_library(
    board: Path, tmp_path: Path
) -> None:
    assert "libpercepnet.so.0 (libc6,AArch64) => /" in succeed(board, "ldconfig", "-p")
    source = tmp_path / "program.c"
    source.write_text(PROGRAM)
    settings = {
        "PKG_CONFIG_LIBDIR": str(board / "usr/lib/pkgconfig"),
        "PKG_CONFIG_SYSROOT_DIR": str(board),
        "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1",  # this machine's /usr/lib isn't that of the root
        "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1",
    }
    flags = subprocess.run(
        [need_program("pkg-config"), "--cflags", "--libs", "percepnet"],
        env=os.environ | settings,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    compiler = need_program("aarch64-linux-gnu-gcc")
    program = board / "tmp/program"
    subprocess.run([compiler, str(source), *flags, "-o", str(program)], check=True)
    version = installed_version(board, "libpercepnet0").split()[-1]
    assert succeed(board, "/tmp/program") == f"{version} 1\n"
    assert b"\0libpercepnet.so.0\0" in program.read_bytes()  # not the static one


def test_the_same_version_installs_over_itself(board: Path) -> None:
    files = paths_of(board)
    done = succeed(board, *APT, "install", "--reinstall", *map(deb, NAMES))
    assert all(f"Setting up {name} " in done for name in NAMES)
    assert paths_of(board) == files


@pytest.mark.parametrize("way", ["remove", "purge"])
def test_apt_leaves_nothing_behind(board: Path, before: set[str], way: str) -> None:
    if way == "purge":  # after the removal
        succeed(board, *APT, "install", *map(deb, NAMES))
    succeed(board, *APT, way, *NAMES)
    assert paths_of(board) == before
    assert "percepnet" not in succeed(board, "ldconfig", "-p")
    assert run(board, "dpkg-query", "-W", *NAMES).returncode != 0

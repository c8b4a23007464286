# SPDX-License-Identifier: Apache-2.0
"""LiteRT for 64-bit Arm, with Debian's Python to run it: fetched once into the boards folder.

Wheels are checked by their hashes, packages of Debian by apt. All appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from host_tools.build.targets import find_target
from host_tools.devices.boards.debian_kernels import FOLDER_VARIABLE, boards_folder
from host_tools.devices.boards.private_apt import SUITE, PrivateApt
from host_tools.errors import DeviceError, MissingDependency

LAUNCHER_SOURCE = Path(__file__).with_name("tflite_launcher.c")
COMPILER = "aarch64-linux-gnu-gcc"
DOWNLOAD_MB = 38
_REVISION = 1
_PACKAGES = [
    "libc6",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "libpython3.11",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libstdc++6",
    "zlib1g",
]
_DOWNLOAD_S = 900
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wheel:
    """A wheel of the Python Package Index for 64-bit Arm Linux and CPython 3.11."""

    package: str
    version: str
    platform: str
    sha256: str


LITERT = Wheel(
    "ai-edge-litert",
    "2.3.0",
    "manylinux_2_27_aarch64",
    "853fc608f96da87bd5f3458465dfb9abbf18d5ae6b94eceacead407146f175ae",
)
NUMPY = Wheel(
    "numpy",
    "2.4.6",
    "manylinux_2_27_aarch64",
    "0ab0a9c4ffb1a6d95ef519fe4247dba8eb6b18ad93999f76b7f657039acabd47",
)


@dataclass(frozen=True)
class Arm64Python:
    """``root`` is laid out as a Linux system, ``site`` holds the wheels' content."""

    root: Path
    site: Path


def fetched_python(name: str) -> Arm64Python:
    """The folders, fetched first when they are not here yet; *name* is the device that asks.

    Raises MissingDependency (apt, dpkg, pip) or DeviceError (no network, no room, wrong hash).
    """
    folder = boards_folder() / f"litert-{LITERT.version}-arm64-{SUITE}-{_REVISION}"
    if not folder.is_dir():
        _log.warning("%s: fetching LiteRT and Python for Arm once, %d MB", name, DOWNLOAD_MB)
        try:
            _fetch(folder, name)
        except (OSError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
            raise DeviceError(
                f"{name}: cannot keep LiteRT for Arm in {boards_folder()}: {error}; "
                f"choose another folder with {FOLDER_VARIABLE}"
            ) from error
    return Arm64Python(folder / "root", folder / "site")


def build_launcher(target: Path, name: str) -> None:
    """Compile the program that runs Python with marks. Raises MissingDependency."""
    compiler = shutil.which(COMPILER)
    if compiler is None:
        needed = next(c for c in find_target("rpi-aarch64").commands if COMPILER in c.names)
        raise MissingDependency(
            f"{name}: {COMPILER} is not installed; on Debian: "
            f"apt-get install {' '.join(needed.debian_packages)}"
        )
    command = [compiler, "-std=c11", "-O2", "-Wall", "-rdynamic", LAUNCHER_SOURCE, "-o", target]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or "no message").splitlines()[0]
        raise MissingDependency(f"{name}: {COMPILER} cannot compile {LAUNCHER_SOURCE}: {reason}")


def _fetch(folder: Path, name: str) -> None:
    boards_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=boards_folder(), prefix=".litert-") as temporary:
        work, new = Path(temporary), Path(temporary) / "new"
        for wheel in (LITERT, NUMPY):
            with zipfile.ZipFile(download_wheel(wheel, work, name)) as archive:
                archive.extractall(new / "site")
        apt = PrivateApt(work / "apt", "arm64", name)
        apt.update()
        for package in apt.download(_PACKAGES):
            command = ["dpkg-deb", "--extract", str(package), str(new / "root")]
            subprocess.run(command, check=True, capture_output=True)
        try:
            new.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another program was faster
                raise


def download_wheel(wheel: Wheel, folder: Path, name: str) -> Path:
    """Fetch a wheel by pip, from where pip is set up to fetch. Raises as fetched_python."""
    wanted = f"{wheel.package}=={wheel.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", f"--platform={wheel.platform}"]
    command += ["--implementation=cp", "--python-version=3.11", f"--dest={folder}", wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_DOWNLOAD_S)
    if "No module named pip" in done.stderr:
        raise MissingDependency(f"{name}: {sys.executable} has no pip; try: python -m ensurepip")
    stem = wheel.package.replace("-", "_")
    found = sorted(folder.glob(f"{stem}-{wheel.version}-*.whl"))
    if done.returncode or not found:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        why = (errors or ["pip gave no reason"])[-1].removeprefix("ERROR: ")
        raise DeviceError(f"{name}: cannot fetch {wanted} for Arm: {why}; is there a network?")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != wheel.sha256:
        raise DeviceError(
            f"{name}: {found[0].name} has SHA-256 {digest}, expected {wheel.sha256}; try again"
        )
    return found[0]

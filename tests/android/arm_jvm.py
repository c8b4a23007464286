# SPDX-License-Identifier: Apache-2.0
"""Debian's JVMs for ARM, run by an emulator, and libraries for them to load."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from host_tools.build.builder import run_step
from host_tools.devices.boards.debian_kernels import FileSet, fetched
from host_tools.errors import DeviceError, MissingDependency
from tests.android.native import make_shim
from tests.needs import ROOT, need, need_program

_JVM = r"usr/lib/jvm/java-17-openjdk-[^/]+"
_SYSTEM_LIBRARIES = r"ld-linux-.*|lib(c|dl|gcc_s|m|pthread|rt|stdc\+\+|z)"
_PHONE = ROOT / "build" / "android-arm64-v8a"
_LIBRARY = "android/libpercepnet.so"


@dataclass(frozen=True)
class ArmJvm:
    """A JVM of Debian and what builds for it."""

    architecture: str
    emulator: str
    compiler: str
    preset: str

    @property
    def files(self) -> FileSet:
        """What the JVM needs, the system's libraries beside its own."""
        return FileSet(
            f"openjdk-17-{self.architecture}",
            self.architecture,
            ("openjdk-17-jre-headless", "libc6", "libgcc-s1", "libstdc++6", "zlib1g"),
            {
                rf"(usr/)?lib/[^/]+/({_SYSTEM_LIBRARIES})\.so\.[0-9.]+": "lib/",
                rf"{_JVM}/bin/java": "bin/java",
                rf"{_JVM}/lib/(jvm\.cfg|modules|tzdb\.dat|[^/]+\.so)": "lib/",
                rf"{_JVM}/lib/server/[^/]+": "lib/server/",
                r"etc/java-17-openjdk/jvm-[^/]+\.cfg": "lib/",
                r"etc/java-17-openjdk/[^/]+\.properties": "conf/",
                r"etc/java-17-openjdk/security/[^/]+": "conf/security/",
            },
            download_mb=46,
        )

    def command(self, cpu: str, page_bytes: int = 0, libraries: Path | None = None) -> list[str]:
        """The start of a command line; the JVM finds shared libraries in *libraries* first."""
        emulator = need_program(self.emulator)
        try:
            root = fetched(self.files, "tests")
        except (DeviceError, MissingDependency) as error:
            need(False, str(error))
            raise
        java = root / "bin" / "java"
        if not os.access(java, os.X_OK):
            java.chmod(0o755)  # the emulator asks for it
        pages = ["-p", str(page_bytes)] if page_bytes else []
        paths = ["-E", f"LD_LIBRARY_PATH={libraries}"] if libraries else ["-U", "LD_LIBRARY_PATH"]
        return [emulator, "-cpu", cpu, *pages, "-L", str(root), *paths, str(java)]


ARM64 = ArmJvm("arm64", "qemu-aarch64", "aarch64-linux-gnu-gcc", "rpi-aarch64")
ARMHF = ArmJvm("armhf", "qemu-arm", "arm-linux-gnueabihf-gcc", "rpi-armv7")


def shipped_library(folder: Path) -> Path:
    """A copy of the 64-bit library for phones, with a shim that stands in for Android's libc."""
    for program in ("cmake", "ninja", "clang-19", "ld.lld-19"):
        need_program(program)
    run_step(["cmake", "--preset", _PHONE.name], ROOT)
    run_step(["cmake", "--build", "--preset", _PHONE.name], ROOT)
    library = Path(shutil.copy(_PHONE / _LIBRARY, folder))
    make_shim(need_program(ARM64.compiler), "b {}", library, folder)
    return library


def link_for_4_kb(shipped: Path, folder: Path) -> Path:
    """The same with its shim, linked again for pages of 4 KB alone."""
    library = folder / shipped.name
    commands = run_step(["ninja", "-t", "commands", _LIBRARY], _PHONE)
    link = commands.splitlines()[-1]
    assert "page-size=16384" in link
    link = link.replace("page-size=16384", "page-size=4096")
    link = link.replace(f"-o {_LIBRARY}", f"-o {library}")
    shutil.copy(shipped.with_name("libc.so"), folder)
    run_step(["sh", "-c", link], _PHONE)
    return library

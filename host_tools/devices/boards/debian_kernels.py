# SPDX-License-Identifier: Apache-2.0
"""Kernels, busybox and dropbear of Debian for emulated boards, kept in the user's cache folder.

A set of files is fetched once, when a board first needs it. It appears in the folder whole or not
at all, so several programs may fetch it at the same time.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import platformdirs

from host_tools.devices.boards.private_apt import SUITE, PrivateApt
from host_tools.errors import DeviceError

FOLDER_VARIABLE = "PERCEPNET_BOARDS"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileSet:
    """Files of Debian packages of one architecture.

    ``kernel`` is the package that names the real kernel package. ``files`` gives names below the
    set's folder by patterns of whole paths in the packages; with a name that ends in "/" several
    may match and keep their own. ``download_mb`` [MB] is what fetching costs.
    """

    name: str
    architecture: str
    packages: tuple[str, ...]
    files: Mapping[str, str]
    download_mb: int
    kernel: str | None = None
    revision: int = 1
    """Another number when the same name comes to mean other files."""

    @property
    def folder(self) -> Path:
        """Where the set lies, fetched or not."""
        return boards_folder() / f"{self.name}-{SUITE}-{self.revision}"

    @property
    def is_here(self) -> bool:
        """Whether it has been fetched."""
        return self.folder.is_dir()


ARM64 = FileSet(
    "linux-arm64",
    "arm64",
    ("busybox-static",),
    {
        r"boot/vmlinuz-.*": "vmlinuz",
        r"usr/lib/linux-image-.*/broadcom/bcm2837-rpi-3-b\.dtb": "board.dtb",
        r"lib/modules/.*/(bcm2835_thermal|failover|net_failover)\.ko": "modules/",
        r"lib/modules/.*/(virtio_net|virtio_pci|virtio_pci_(modern|legacy)_dev)\.ko": "modules/",
        r"bin/busybox": "busybox",
    },
    download_mb=60,
    kernel="linux-image-arm64",
)
ARMHF = FileSet(
    "linux-armhf",
    "armhf",
    ("busybox-static",),
    {
        r"boot/vmlinuz-.*": "vmlinuz",
        r"usr/lib/linux-image-.*/bcm2836-rpi-2-b\.dtb": "board.dtb",
        r"lib/modules/.*/bcm2835_thermal\.ko": "modules/",
        r"bin/busybox": "busybox",
    },
    download_mb=43,
    kernel="linux-image-armmp",
)
DROPBEAR = FileSet(
    "dropbear-arm64",
    "arm64",
    ("dropbear-bin", "libtomcrypt1", "libtommath1", "libgmp10", "libcrypt1", "zlib1g", "libc6"),
    {
        r"usr/sbin/dropbear": "dropbear",
        r"(usr/)?lib/.*/(libtomcrypt|libtommath|libgmp|libcrypt|libz|libc|ld-linux-aarch64)"
        r"\.so\.[0-9.]+": "lib/",
    },
    download_mb=5,
)


def boards_folder() -> Path:
    """The folder for what is slow to fetch; the environment variable PERCEPNET_BOARDS wins."""
    default = Path(platformdirs.user_cache_dir("percepnet-kit")) / "boards"
    return Path(os.environ.get(FOLDER_VARIABLE) or default).absolute()


def fetched(files: FileSet, name: str) -> Path:
    """Folder of a set, fetched first when it is not here yet; *name* is the device that asks.

    Raises MissingDependency (apt or dpkg) or DeviceError (no network, no room).
    """
    if files.is_here:
        return files.folder
    _log.warning("%s: fetching %s of Debian once, %d MB", name, files.name, files.download_mb)
    try:
        _fetch(files, name)
    except (OSError, tarfile.TarError) as error:
        why = getattr(error, "strerror", None) or error
        raise DeviceError(
            f"{name}: cannot keep Debian packages in {boards_folder()}: {why}; "
            f"choose another folder with {FOLDER_VARIABLE}"
        ) from error
    return files.folder


def _fetch(files: FileSet, name: str) -> None:
    boards_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=boards_folder(), prefix=f".{files.name}-") as temporary:
        work, new = Path(temporary), Path(temporary) / "new"
        apt = PrivateApt(work / "apt", files.architecture, name)
        apt.update()
        kernel = [] if files.kernel is None else [apt.real_package(files.kernel)]
        new.mkdir()
        taken: set[str] = set()
        for package in apt.download([*kernel, *files.packages]):
            taken |= _unpack(package, files.files, new)
        lacking = sorted(set(files.files) - taken)
        if lacking:
            raise DeviceError(f"{name}: no file like {lacking[0]} in the packages of {SUITE}")
        try:
            new.rename(files.folder)
        except OSError:
            if not files.is_here:  # else another program was faster
                raise


def _unpack(package: Path, wanted: Mapping[str, str], folder: Path) -> set[str]:
    """Take what is wanted out of a package; the rest of a kernel, 350 MB, never meets the disk."""
    taken = set()
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as unpacking:
        assert unpacking.stdout is not None
        with tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive:
            for member in archive:
                path = member.name.removeprefix("./")
                pattern = next((p for p in wanted if re.fullmatch(p, path)), None)
                if pattern is not None and _keep(archive, member, folder, wanted[pattern]):
                    taken.add(pattern)
    if unpacking.returncode:
        raise OSError(f"{package.name} cannot be unpacked")
    return taken


def _keep(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, name: str) -> bool:
    own = Path(member.name).name
    target = folder / (f"{name}{own}" if name.endswith("/") else name)
    target.parent.mkdir(exist_ok=True)
    if member.issym():
        target.symlink_to(Path(member.linkname).name)  # its file lies beside it here
        return True
    content: IO[bytes] | None = archive.extractfile(member)
    if content is None:
        return False
    target.write_bytes(content.read())
    return True

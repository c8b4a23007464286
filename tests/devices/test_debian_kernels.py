# SPDX-License-Identifier: Apache-2.0
"""Files of Debian for emulated boards: whence they come, and that they appear whole or not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.devices.boards import debian_kernels, private_apt
from host_tools.devices.boards.debian_kernels import ARM64, FileSet, fetched
from host_tools.devices.boards.private_apt import FALLBACK_MIRROR, PrivateApt, system_mirror
from host_tools.errors import DeviceError, MissingDependency
from tests.needs import need, need_program


@pytest.fixture
def no_boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which no files of Debian are yet."""
    folder = tmp_path / "boards"
    monkeypatch.setenv(debian_kernels.FOLDER_VARIABLE, str(folder))
    return folder


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, FALLBACK_MIRROR),
        ({"sources.list": "deb http://near/debian/ bookworm main\n"}, "http://near/debian"),
        (
            {"sources.list": "# deb http://off/debian sid main\n"
             "deb [arch=amd64 signed-by=/x] https://near/debian trixie main\n"},
            "https://near/debian",
        ),
        (
            {"sources.list.d/a.sources": "Types: deb\nURIs: http://tools/\nSuites: nodistro\n\n"
             "Types: deb\nEnabled: no\nURIs: http://off/\nSuites: stable\n\n"
             "Types: deb\n# note\nURIs: http://near/debian\nSuites: bookworm bookworm-updates\n"},
            "http://near/debian",
        ),
        ({"sources.list": "deb cdrom:[x]/ bookworm main\ndeb http://u/ubuntu noble main\n"},
         FALLBACK_MIRROR),
    ],
)  # fmt: skip
def test_the_mirror_is_that_of_the_system(
    files: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(private_apt, "_APT_FOLDER", tmp_path)
    assert system_mirror() == expected


def test_without_a_network_nothing_is_left_and_the_way_is_shown(
    no_boards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_program("apt-get")
    need(private_apt.KEYRING.is_file(), "debian-archive-keyring is not installed")
    monkeypatch.setattr(private_apt, "system_mirror", lambda: "http://127.0.0.1:9/debian")
    with pytest.raises(DeviceError, match=r"test: cannot fetch Debian packages: .*check the netw"):
        fetched(ARM64, "test")
    assert list(no_boards.iterdir()) == []


def make_package(folder: Path, content: dict[str, str]) -> Path:
    """A Debian package with these files, and a link to each."""
    root = folder / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: example\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: none\n"
    )
    for name, text in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        (root / f"{name}.link").symlink_to(Path("/elsewhere") / Path(name).name)
    command = [need_program("dpkg-deb"), "-b", str(root), str(folder / "example.deb")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "example.deb"


class FakeApt:
    """Gives a package that is there; meanwhile another program may be faster."""

    package = Path()
    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, *_: object) -> None: ...

    def update(self) -> None: ...

    def real_package(self, package: str) -> str:
        return package

    def download(self, packages: list[str]) -> list[Path]:
        self.meanwhile()
        return [self.package]


@pytest.fixture
def example(tmp_path: Path, no_boards: Path, monkeypatch: pytest.MonkeyPatch) -> FileSet:
    package = make_package(tmp_path / "make", {"boot/vmlinuz-9": "kernel", "lib/a.so": "library"})
    monkeypatch.setattr(FakeApt, "package", package)
    monkeypatch.setattr(debian_kernels, "PrivateApt", FakeApt)
    files = {r"boot/vmlinuz-\d+": "vmlinuz", r"lib/.*": "lib/"}
    return FileSet("example", "arm64", (), files, download_mb=1)


def test_only_what_is_wanted_is_kept(example: FileSet, no_boards: Path) -> None:
    folder = fetched(example, "test")
    assert (folder / "vmlinuz").read_text() == "kernel"
    assert (folder / "lib" / "a.so.link").read_text() == "library"
    assert {path.name for path in folder.rglob("*")} == {"vmlinuz", "lib", "a.so", "a.so.link"}
    assert list(no_boards.iterdir()) == [folder]


def test_whoever_fetches_first_wins_and_nothing_is_damaged(
    example: FileSet, no_boards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other() -> None:
        example.folder.mkdir()
        (example.folder / "vmlinuz").write_text("of the other")

    monkeypatch.setattr(FakeApt, "meanwhile", staticmethod(other))
    assert (fetched(example, "test") / "vmlinuz").read_text() == "of the other"
    assert list(no_boards.iterdir()) == [example.folder]


def test_a_package_without_the_file_or_broken_leaves_nothing(
    example: FileSet, no_boards: Path, tmp_path: Path
) -> None:
    other = FileSet("other", "arm64", (), {r"boot/Image": "vmlinuz"}, download_mb=1)
    with pytest.raises(DeviceError, match="no file like boot/Image"):
        fetched(other, "test")
    package = FakeApt.package
    package.write_bytes(package.read_bytes()[:200])
    with pytest.raises(DeviceError, match=debian_kernels.FOLDER_VARIABLE):
        fetched(example, "test")
    assert list(no_boards.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(debian_kernels.FOLDER_VARIABLE, str(tmp_path / "file" / "boards"))
    with pytest.raises(DeviceError, match="choose another folder with PERCEPNET_BOARDS"):
        fetched(ARM64, "test")


def test_missing_apt_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="apt-get is not installed"):
        PrivateApt(tmp_path, "arm64", "test")

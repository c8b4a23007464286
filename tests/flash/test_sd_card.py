# SPDX-License-Identifier: Apache-2.0
"""Cards: folders with the boot files of a Raspberry Pi."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools.cli import main
from host_tools.errors import DataError, UsageError
from host_tools.flash import sd_card
from host_tools.flash.image_file import ProgramImage, read_image
from tests.flash.images import bare_metal_file
from tests.needs import need

PI_3 = ("bootcode.bin", "start.elf", "fixup.dat", "bcm2710-rpi-3-b-plus.dtb")
PI_4 = ("start4.elf", "fixup4.dat", "bcm2711-rpi-4-b.dtb")
CONFIG = "# my settings\ndtparam=audio=on\n[cm4]\notg_mode=1\n"
CMDLINE = "console=serial0,115200 root=PARTUUID=1234-02 rootwait\n"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with Raspberry Pi OS for both boards."""
    folder = tmp_path / "bootfs"
    folder.mkdir()
    for name in (*PI_3, *PI_4):
        (folder / name).write_bytes(name.encode())
    (folder / "config.txt").write_text(CONFIG)
    (folder / "cmdline.txt").write_text(CMDLINE)
    (folder / "kernel8.img").write_bytes(b"\x1f\x8b the kernel of Linux" * 100)
    return folder


@pytest.fixture
def image(kernel: Path) -> ProgramImage:
    return read_image(kernel)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_card_is_prepared_and_what_was_there_is_kept(card: Path, image: ProgramImage) -> None:
    before = content(card)
    done = sd_card.prepare(card, image, baud=460_800)
    after = content(card)
    assert done.boards == ("Raspberry Pi 3", "Raspberry Pi 4")
    assert after["kernel8.img"] == image.file_bytes
    assert after["config.txt"].startswith(before["config.txt"])
    assert after["cmdline.txt"].split()[-1] == b"percepnet.baud=460800"
    for name in ("kernel8.img", "config.txt", "cmdline.txt"):
        assert after.pop(f"{name}.before-percepnet") == before[name]
    assert set(after) == set(before)


def test_twice_is_the_same_as_once(card: Path, image: ProgramImage) -> None:
    sd_card.prepare(card, image)
    once = content(card)
    done = sd_card.prepare(card, image)
    assert (done.written, done.kept) == ((), ())
    assert content(card) == once
    assert "everything was there already" in done.lines[0]


def test_removing_brings_back_every_byte(card: Path, image: ProgramImage) -> None:
    before = content(card)
    sd_card.prepare(card, image)
    done = sd_card.restore(card)
    assert content(card) == before
    assert set(done.restored) == {"kernel8.img", "config.txt", "cmdline.txt"}
    with pytest.raises(DataError, match="nothing of this kit is here"):
        sd_card.restore(card)


def test_removing_from_a_bare_card_leaves_the_boot_files(tmp_path: Path, kernel: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    for name in PI_4:
        (folder / name).write_bytes(b"x")
    before = content(folder)
    assert sd_card.prepare(folder, read_image(kernel)).boards == ("Raspberry Pi 4",)
    done = sd_card.restore(folder)
    assert content(folder) == before
    assert set(done.removed) == {"kernel8.img", "config.txt", "cmdline.txt"}


def test_settings_changed_since_then_survive_the_removal(card: Path, image: ProgramImage) -> None:
    sd_card.prepare(card, image)
    with (card / "config.txt").open("a") as file:
        file.write("gpu_mem=16\n")
    done = sd_card.restore(card)
    assert (card / "config.txt").read_text() == CONFIG + "gpu_mem=16\n"
    assert done.left == ("config.txt.before-percepnet",)
    assert (card / "config.txt.before-percepnet").read_text() == CONFIG


def test_a_newer_build_replaces_the_kernel_and_keeps_the_foreign_one(
    card: Path, image: ProgramImage, tmp_path: Path
) -> None:
    linux = (card / "kernel8.img").read_bytes()
    sd_card.prepare(card, image)
    newer = tmp_path / "newer.img"
    newer.write_bytes(bare_metal_file(b"newer" * 3000))
    done = sd_card.prepare(card, read_image(newer))
    assert (done.written, done.kept) == (("kernel8.img",), ())
    assert (card / "kernel8.img").read_bytes() == newer.read_bytes()
    assert (card / "kernel8.img.before-percepnet").read_bytes() == linux


def test_settings_with_other_line_ends_and_encodings_survive(
    card: Path, image: ProgramImage
) -> None:
    odd = "# f\xfcr das B\xfcro\r\ndtparam=audio=on\r\n".encode("latin-1")
    (card / "config.txt").write_bytes(odd)
    sd_card.prepare(card, image)
    assert (card / "config.txt").read_bytes().startswith(odd)
    sd_card.restore(card)
    assert (card / "config.txt").read_bytes() == odd


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        (
            ("start.elf", "start4.elf"),
            "Raspberry Pi 3 lacks start.elf; Raspberry Pi 4 lacks start4",
        ),
        ((*PI_3, "fixup4.dat"), "bootcode.bin, start.elf, fixup.dat, bcm2710-rpi-3-b*.dtb"),
        ((*PI_3, *PI_4), "Raspberry Pi 4 lacks start4.elf, fixup4.dat, bcm2711-rpi-4-b.dtb"),
    ],
)
def test_missing_boot_files_are_named(
    card: Path, image: ProgramImage, gone: tuple[str, ...], named: str
) -> None:
    for name in gone:
        (card / name).unlink()
    before = content(card)
    with pytest.raises(DataError) as caught:
        sd_card.prepare(card, image)
    assert named in str(caught.value)
    assert "https://github.com/raspberrypi/firmware" in str(caught.value)
    assert content(card) == before


def test_one_complete_set_is_enough(card: Path, image: ProgramImage) -> None:
    (card / "start4.elf").unlink()
    assert sd_card.prepare(card, image).boards == ("Raspberry Pi 3",)


def test_no_space_is_seen_before_anything_is_written(
    card: Path, image: ProgramImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(card)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 8, 1))
    with pytest.raises(DataError, match=r"0\.0 MB free, .* MB needed; nothing was changed"):
        sd_card.prepare(card, image)
    assert content(card) == before


@pytest.mark.parametrize("good_files", [0, 1, 4])
def test_a_card_that_fills_up_meanwhile_keeps_its_old_state(
    card: Path, image: ProgramImage, monkeypatch: pytest.MonkeyPatch, good_files: int
) -> None:
    before = content(card)
    synced: list[int] = []

    def fill(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) > good_files:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(DataError, match="No space left on device"):
        sd_card.prepare(card, image)
    assert content(card) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    need(os.geteuid() == 0 and shutil.which("mount") is not None, "only root mounts a small disk")
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    need(subprocess.run(command, capture_output=True).returncode == 0, "no disk can be mounted")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_really_full_card_keeps_its_old_state(
    small_disk: Path, image: ProgramImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PI_4:
        (small_disk / name).write_bytes(b"")
    (small_disk / "filler").write_bytes(bytes(56 << 10))
    before = content(small_disk)
    with pytest.raises(DataError, match="nothing was changed"):
        sd_card.prepare(small_disk, image)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 0, 1 << 30))
    with pytest.raises(DataError, match="No space left on device"):
        sd_card.prepare(small_disk, image)
    assert content(small_disk) == before


def test_disks_are_never_written(image: ProgramImage, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"never written; mount the boot partition.*sd:/media"):
        sd_card.prepare(Path("/dev/null"), image)
    blocks = [path for path in Path("/dev").iterdir() if path.is_block_device()]
    need(bool(blocks), "this computer shows no block device")
    with pytest.raises(UsageError, match="disks and partitions are never written"):
        sd_card.prepare(blocks[0], image)


def test_absent_folders_and_files_are_refused(tmp_path: Path, image: ProgramImage) -> None:
    with pytest.raises(DataError, match="No such file or directory; mount the card's boot part"):
        sd_card.prepare(tmp_path / "absent", image)
    file = tmp_path / "disk.img"
    file.write_bytes(b"x")
    with pytest.raises(UsageError, match="is no folder"):
        sd_card.prepare(file, image)


def test_a_linux_program_is_no_kernel(card: Path, other: ProgramImage) -> None:
    with pytest.raises(DataError, match="a card takes kernel8"):
        sd_card.prepare(card, other)


def test_the_command_tells_what_to_connect_and_what_to_type(
    card: Path, kernel: Path, capsys: pytest.CaptureFixture[Any]
) -> None:
    command = ["flash", "--device", f"sd:{card}", "--image", str(kernel), "--baud", "115200"]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "pin 6 to GND, pin 8 (TXD)" in told and "3.3 V" in told
    assert "serial:/dev/ttyUSB0?baud=115200" in told
    assert main(["flash", "--device", f"sd:{card}", "--remove", "--json"]) == 0
    assert '"restored"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["sd:/tmp", "--service"],
        ["sd:/tmp", "--remove", "--baud", "9600"],
        ["sd:/tmp", "--baud", "1"],
        ["serial:/dev/ttyNONE", "--remove"],
        ["serial:/dev/ttyNONE", "--baud", "9600"],
        ["ssh:board", "--baud", "9600"],
        ["host"],
        ["emulator:cortex-a53"],
        ["toaster"],
    ],
)
def test_options_that_do_not_fit_are_usage_errors(
    arguments: list[str], capsys: pytest.CaptureFixture[Any]
) -> None:
    assert main(["flash", "--device", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1

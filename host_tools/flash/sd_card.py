# SPDX-License-Identifier: Apache-2.0
"""``sd:FOLDER``: kernel8.img and its settings on the mounted boot partition of a card.

What stood there before is kept with KEPT at the end of its name, until it is brought back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.serial_line import BAUD_RANGE
from host_tools.errors import DataError, UsageError
from host_tools.files import whole_file
from host_tools.flash import boot_settings
from host_tools.flash.boot_files import startable_boards
from host_tools.flash.image_file import ProgramImage, is_bare_metal

KIND = "sd"
KEPT = ".before-percepnet"
KERNEL, CONFIG, CMDLINE = "kernel8.img", "config.txt", "cmdline.txt"
DEFAULT_BAUD = 921_600
_EXAMPLE = f"{KIND}:/media/$USER/bootfs"
_SPARE_BYTES = 1 << 16  # what small files and the folder take beyond their content


@dataclass(frozen=True)
class Prepared:
    """A card that is ready; ``written`` and ``kept`` are names in ``folder``, rate in bit/s."""

    folder: Path
    boards: tuple[str, ...]
    build: str
    baud: int
    written: tuple[str, ...]
    kept: tuple[str, ...]
    device: str

    @property
    def lines(self) -> tuple[str, ...]:
        """For people."""
        done = (
            f"wrote {', '.join(self.written)}" if self.written else "everything was there already"
        )
        kept = f"; kept {', '.join(self.kept)}" if self.kept else ""
        return (
            f"{self.folder}: {done}{kept}; starts on {' and '.join(self.boards)}",
            "Unmount the card, put it into the board and connect a serial adapter of 3.3 V "
            "(5 V destroy the board):",
            "  pin 6 to GND, pin 8 (TXD) to the adapter's RXD, pin 10 (RXD) to its TXD",
            f"Then: host_tools measure --device '{self.device}'",
        )


@dataclass(frozen=True)
class Restored:
    """A card without this kit: names that are back as before, that are gone, that were left."""

    folder: Path
    restored: tuple[str, ...]
    removed: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """For people."""
        told = (
            ("as before", self.restored), ("gone", self.removed), ("not touched", self.left),
        )  # fmt: skip
        parts = [f"{what}: {', '.join(names)}" for what, names in told if names]
        return (f"{self.folder}: {'; '.join(parts)}",)


def prepare(folder: Path, image: ProgramImage, baud: int = DEFAULT_BAUD) -> Prepared:
    """Write *image* and its settings; all of it or nothing.

    Raises UsageError (no folder, rate), DataError (no boot partition, other image, no space).
    """
    _check_folder(folder)
    boards = startable_boards(folder)
    low, high = BAUD_RANGE
    if not low <= baud <= high:
        raise UsageError(f"--baud {baud}: a whole number from {low} to {high}")
    if image.kind != "bare-metal":
        raise DataError(f"{image.path}: a card takes kernel8.img, not a program for Linux")
    config, cmdline = _text(folder / CONFIG), _text(folder / CMDLINE)
    wanted = {
        CONFIG: _bytes(boot_settings.with_block(config)),
        CMDLINE: _bytes(boot_settings.with_baud(cmdline, baud)),
        KERNEL: image.file_bytes,
    }
    changes = {name: data for name, data in wanted.items() if _content(folder / name) != data}
    copies = {}
    if config and not boot_settings.has_block(config):
        copies[CONFIG + KEPT] = _bytes(config)
    if cmdline and not boot_settings.has_baud(cmdline):
        copies[CMDLINE + KEPT] = _bytes(cmdline)
    foreign = (folder / KERNEL).is_file() and not _is_ours(folder / KERNEL)
    _exchange(folder, {**copies, **changes}, foreign_kernel=foreign)
    return Prepared(
        folder=folder,
        boards=boards,
        build=image.build_id,
        baud=baud,
        written=tuple(changes),
        kept=(*copies, *((KERNEL + KEPT,) if foreign else ())),
        device=f"serial:/dev/ttyUSB0?baud={baud}",
    )


def restore(folder: Path) -> Restored:
    """Take this kit's part away and bring back what was kept.

    Lines that were added to the settings since then stay. Raises UsageError or DataError.
    """
    _check_folder(folder)
    config, cmdline = _text(folder / CONFIG), _text(folder / CMDLINE)
    settings = {}
    if boot_settings.has_block(config):
        settings[CONFIG] = boot_settings.without_block(config)
    if boot_settings.has_baud(cmdline):
        settings[CMDLINE] = boot_settings.without_baud(cmdline)
    ours = _is_ours(folder / KERNEL)
    if not settings and not ours:
        raise DataError(f"{folder}: nothing of this kit is here")
    outcome: dict[str, list[str]] = {"restored": [], "removed": [], "left": []}
    for name, text in settings.items():
        outcome[_bring_back_text(folder / name, text)].append(name)
    if ours:
        outcome[_bring_back(folder / KERNEL)].append(KERNEL)
    outcome["left"] += [path.name for path in sorted(folder.glob(f"*{KEPT}"))]
    _sync_folder(folder)
    return Restored(folder, *(tuple(outcome[key]) for key in ("restored", "removed", "left")))


def _check_folder(folder: Path) -> None:
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise DataError(
            f"{folder}: {error.strerror}; mount the card's boot partition and give its folder, "
            f"for example {_EXAMPLE}"
        ) from error
    if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        raise UsageError(
            f"{folder}: disks and partitions are never written; mount the boot partition and give "
            f"its folder, for example {_EXAMPLE}"
        )
    if not stat.S_ISDIR(mode):
        raise UsageError(f"{folder}: is no folder; give that of the boot partition: {_EXAMPLE}")


def _exchange(folder: Path, files: dict[str, bytes], *, foreign_kernel: bool) -> None:
    """Write all *files* under other names first, then put them into their places."""
    needed = sum(map(len, files.values())) + _SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(
            f"{folder}: {free / 1e6:.1f} MB free, {needed / 1e6:.1f} MB needed; nothing was changed"
        )
    with contextlib.ExitStack() as places:
        for name, data in files.items():
            _write_through(places.enter_context(whole_file(folder / name)), data)
        if foreign_kernel:
            os.replace(folder / KERNEL, folder / (KERNEL + KEPT))
    _sync_folder(folder)


def _write_through(path: Path, data: bytes) -> None:
    """Write to the card and read it back from there."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):  # forget the copy in memory
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if path.read_bytes() != data:
        raise DataError(f"{path.parent}: what was written reads back otherwise; try another card")


def _bring_back_text(path: Path, text: str) -> str:
    """Settings as they were, or as they are without this kit; what became of them."""
    kept = path.with_name(path.name + KEPT)
    same = _text(kept).split() == text.split()
    if kept.is_file() and same:
        os.replace(kept, path)
        return "restored"
    if not text.strip():
        path.unlink()
        return "removed"
    with whole_file(path) as part:
        _write_through(part, _bytes(text))
    return "restored"


def _bring_back(path: Path) -> str:
    kept = path.with_name(path.name + KEPT)
    if kept.is_file():
        os.replace(kept, path)
        return "restored"
    path.unlink()
    return "removed"


def _is_ours(kernel: Path) -> bool:
    if not kernel.is_file():
        return False
    with kernel.open("rb") as file:
        return is_bare_metal(file.read(64))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _text(path: Path) -> str:
    return (_content(path) or b"").decode(errors="surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _sync_folder(folder: Path) -> None:
    """New names reach the card, not only new content; not every system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

# SPDX-License-Identifier: Apache-2.0
"""What a Raspberry Pi needs on its boot partition before it starts any kernel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import DataError

_SOURCE = (
    "they are on the boot partition of Raspberry Pi OS and in the folder boot of "
    "https://github.com/raspberrypi/firmware"
)


@dataclass(frozen=True)
class BootSet:
    """The boot files of a board, as patterns of file names."""

    board: str
    patterns: tuple[str, ...]

    def missing(self, folder: Path) -> tuple[str, ...]:
        """Patterns that no file of *folder* matches."""
        return tuple(p for p in self.patterns if not any(f.is_file() for f in folder.glob(p)))


BOOT_SETS = (
    BootSet("Raspberry Pi 3", ("bootcode.bin", "start.elf", "fixup.dat", "bcm2710-rpi-3-b*.dtb")),
    BootSet("Raspberry Pi 4", ("start4.elf", "fixup4.dat", "bcm2711-rpi-4-b.dtb")),
)


def startable_boards(folder: Path) -> tuple[str, ...]:
    """Boards that start from *folder*. Raises DataError that names what each one lacks."""
    missing = {boot_set.board: boot_set.missing(folder) for boot_set in BOOT_SETS}
    ready = tuple(board for board, names in missing.items() if not names)
    if ready:
        return ready
    lacks = "; ".join(f"{board} lacks {', '.join(names)}" for board, names in missing.items())
    raise DataError(f"{folder}: no boot partition of a Raspberry Pi 3 or 4: {lacks}; {_SOURCE}")

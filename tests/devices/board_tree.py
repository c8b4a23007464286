# SPDX-License-Identifier: Apache-2.0
"""Folders with what a board's system shows, unpacked from board_trees/ (its README)."""

from __future__ import annotations

from pathlib import Path

from host_tools.devices.board_files import LocalFiles

TREES = Path(__file__).parent / "board_trees"


def unpack(name: str, folder: Path) -> LocalFiles:
    """The board *name* below *folder*, which is its root."""
    blocks = (TREES / f"{name}.txt").read_text().split("=> ")[1:]
    for block in blocks:
        head, _, text = block.partition("\n")
        path, _, target = head.partition(" -> ")
        place = folder / path.strip("/")
        if path.endswith("/"):
            place.mkdir(parents=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if target:
            place.symlink_to(target)
        else:
            place.write_text(text.replace("\\0", "\0"))
    return board_at(folder)


def board_at(folder: Path) -> LocalFiles:
    """Files of an unpacked board; its firmware answers from the folder vcgencmd."""

    def answer(question: str) -> str | None:
        place = folder / "vcgencmd" / question.replace(" ", "_")
        return place.read_text() if place.exists() else None

    return LocalFiles(folder, answer)


def write(folder: Path, path: str, text: str) -> None:
    """Another text for one file of an unpacked board."""
    place = folder / path.strip("/")
    assert place.is_file(), path
    place.write_text(text)

# SPDX-License-Identifier: Apache-2.0
"""Local files of a board: never outside the root, never waiting, never raising."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from host_tools.devices.board_files import FIRMWARE_QUESTIONS, LocalFiles, this_machine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("outside of proc and sys")
    base = tmp_path / "board"
    (base / "proc" / "bus").mkdir(parents=True)
    (base / "sys" / "class").mkdir(parents=True)
    (base / "etc").mkdir()
    (base / "etc" / "passwd").write_text("root")
    (base / "proc" / "stat").write_text("cpu 1")
    (base / "sys" / "class" / "near").symlink_to("../../proc/stat")
    (base / "sys" / "class" / "far").symlink_to("../../../secret")
    (base / "sys" / "class" / "etc").symlink_to("../../etc")
    (base / "sys" / "class" / "absolute").symlink_to("/proc/self/stat")
    (base / "sys" / "class" / "circle").symlink_to("circle")
    os.mkfifo(base / "sys" / "class" / "pipe")
    return base


def test_a_link_inside_is_followed_and_one_that_leads_out_is_not(root: Path) -> None:
    files = LocalFiles(root)
    assert files.read_text("/proc/stat") == "cpu 1"
    assert files.read_text("/sys/class/near") == "cpu 1"
    for name in ("far", "etc/passwd", "absolute", "circle", "pipe", "missing"):
        assert files.read_text(f"/sys/class/{name}") is None
    assert files.list_folder("/sys/class/etc") == []


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "proc/stat", "/proc/../etc/passwd", "/proc/../../secret", "/proc/\0", "", "/"],
)
def test_other_paths_are_unreadable(root: Path, path: str) -> None:
    files = LocalFiles(root)
    assert files.read_text(path) is None
    assert files.list_folder(path) == []


def test_folders_are_listed_in_order(root: Path) -> None:
    files = LocalFiles(root)
    assert files.list_folder("/proc/") == ["bus", "stat"]
    assert files.list_folder("/proc/stat") == []
    assert files.read_text("/proc/bus") is None


def test_without_firmware_no_question_is_answered(root: Path) -> None:
    assert [LocalFiles(root).query_firmware(what) for what in FIRMWARE_QUESTIONS] == [None] * 4
    told = LocalFiles(root, lambda what: f"<{what}>")
    assert told.query_firmware("measure_clock arm") == "<measure_clock arm>"
    assert told.query_firmware("measure_clock arm; reboot") is None


def test_this_machine_answers_what_vcgencmd_on_the_path_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "vcgencmd"
    program.write_text('#!/bin/sh\necho "asked for $*"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert this_machine().query_firmware("measure_clock arm") == "asked for measure_clock arm\n"
    program.write_text("#!/bin/sh\nexit 3\n")
    assert this_machine().query_firmware("measure_temp") is None
    program.unlink()
    assert this_machine().query_firmware("measure_temp") is None

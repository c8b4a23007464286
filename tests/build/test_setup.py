# SPDX-License-Identifier: Apache-2.0
"""scripts/setup.sh on machines where it may not, or cannot, install anything."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.needs import ROOT, need_program

SCRIPT = ROOT / "scripts" / "setup.sh"


def write_command(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def commands(folder: Path, *real: str) -> Path:
    """A folder with python3 and the real commands named, to be the whole PATH."""
    folder.mkdir()
    write_command(folder, "python3", f'exec {sys.executable} "$@"')
    for name in real:
        (folder / name).symlink_to(need_program(name))
    return folder


def run_setup(path: Path, part: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(shutil.which("sh")), str(SCRIPT), part],
        env={"PATH": str(path), **environment},
        capture_output=True,
        text=True,
    )


def test_without_root_it_prints_the_line_to_run_and_installs_nothing(tmp_path: Path) -> None:
    path = commands(tmp_path / "bin", "dirname")
    log = tmp_path / "log"
    write_command(path, "id", "echo 1000")
    write_command(path, "dpkg-query", "exit 1")
    write_command(path, "sudo", "exit 1")
    write_command(path, "apt-get", f"echo ran >> {log}")
    done = run_setup(path, "system")
    assert done.returncode == 1
    assert "sudo apt-get install -y --no-install-recommends gcc " in done.stderr
    assert "qemu-user" in done.stderr
    assert not log.exists()


def test_with_sudo_it_installs_only_what_is_missing(tmp_path: Path) -> None:
    path = commands(tmp_path / "bin", "dirname", "env")
    log = tmp_path / "log"
    write_command(path, "id", "echo 1000")
    write_command(path, "dpkg-query", 'case "$*" in *ninja-build*) exit 1 ;; esac; echo installed')
    write_command(path, "sudo", 'shift; exec "$@"')
    write_command(path, "true", "exit 0")
    write_command(path, "apt-cache", "exit 0")
    write_command(path, "apt-get", f'echo "$*" >> {log}')
    done = run_setup(path, "system")
    assert done.returncode == 0, done.stderr
    (line,) = log.read_text().splitlines()
    assert line.endswith("install -y --no-install-recommends ninja-build")


def test_other_systems_are_told_which_commands_they_lack(tmp_path: Path) -> None:
    path = commands(tmp_path / "bin", "dirname", "id", "cmake")
    done = run_setup(path, "system")
    assert done.returncode == 1
    missing = done.stderr.split(":")[-1].split()
    assert "ninja" in missing
    assert "cmake" not in missing


def test_old_python_is_refused(tmp_path: Path) -> None:
    path = commands(tmp_path / "bin", "dirname", "id")
    write_command(path, "oldpython", '[ "$1" = --version ] && echo Python 3.8.1')
    done = run_setup(path, "python", PYTHON="oldpython")
    assert done.returncode == 1
    assert "Python 3.8.1 is too old" in done.stderr


def test_unknown_part_is_refused(tmp_path: Path) -> None:
    done = run_setup(commands(tmp_path / "bin", "dirname"), "everything")
    assert done.returncode == 1
    assert "unknown part 'everything'" in done.stderr

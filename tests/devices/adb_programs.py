# SPDX-License-Identifier: Apache-2.0
"""The adb programs that tests run with: the installed one, Debian's perhaps, and a newer one."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from tests.needs import need, need_program

VERSIONS = ("installed", "newer")


def need_adb(version: str, folder: Path) -> str:
    """Path of an adb called so, in a folder of its own below *folder* if it is the newer one."""
    if version == "installed":
        return need_program("adb")
    found = _newer()
    need(found is not None, "no newer adb: install adbutils, or let PERCEPNET_ADB name one")
    program = folder / "newer" / "adb"
    if found is not None and not program.exists():
        program.parent.mkdir()
        shutil.copyfile(found, program)
        program.chmod(0o755)
    return str(program)


def _newer() -> Path | None:
    """What PERCEPNET_ADB names, else the one that the Python package adbutils brings."""
    named = os.environ.get("PERCEPNET_ADB")
    if named:
        return Path(named)
    package = importlib.util.find_spec("adbutils")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "binaries" / "adb"
    return path if path.is_file() else None

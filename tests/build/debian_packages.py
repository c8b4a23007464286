# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of a build folder, for the tests that install them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.needs import ROOT, need_program

NAMES = ["libpercepnet-dev", "libpercepnet0", "percepnet-ladspa", "percepnet-tools"]


def pack(preset: str, folder: Path) -> list[Path]:
    """Make the packages of a built preset in *folder*, in the order of NAMES."""
    command = [need_program("cpack"), "-G", "DEB", "-B", str(folder)]
    subprocess.run(command, cwd=ROOT / "build" / preset, check=True, capture_output=True)
    return sorted(folder.glob("*.deb"))

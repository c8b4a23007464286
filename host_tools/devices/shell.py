# SPDX-License-Identifier: Apache-2.0
"""How readings and meters ask the system that an agent runs on: by commands of its shell."""

from __future__ import annotations

import subprocess
from typing import Protocol

_PATIENCE_S = 120.0


class Shell(Protocol):
    """Runs POSIX shell commands on a device. Only a lost device raises (DeviceError)."""

    def run(self, command: str, /) -> str | None:
        """What the command wrote; None when it cannot be run."""


class LocalShell:
    """The shell of this computer; what a command complains about is left out."""

    def run(self, command: str, /) -> str | None:
        """See Shell."""
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode(errors="replace")


class StrictShell(Protocol):
    """A shell that raises DeviceError when a command fails."""

    def run(self, script: str, /) -> str:
        """What the script wrote."""


class ForgivingShell:
    """See Shell: a command that a device lacks or refuses gives what it wrote, no error."""

    def __init__(self, shell: StrictShell) -> None:
        self._shell = shell

    def run(self, command: str, /) -> str | None:
        """See Shell."""
        return self._shell.run(f"{command}\ntrue")

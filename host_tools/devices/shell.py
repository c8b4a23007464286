# SPDX-License-Identifier: Apache-2.0
"""How readings and meters ask the system that an agent runs on: by commands of its shell."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Protocol

_PATIENCE_S = 120.0
_MARK = "=percepnet-next"
_NEXT = f"echo; echo {_MARK}"


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


class AnswersAtOnce:
    """See Shell: runs commands that are known beforehand in one go, then tells what each wrote.

    A phone takes tenths of a second to answer at all. Others than those cannot be run.
    """

    def __init__(self, shell: Shell, commands: Sequence[str]) -> None:
        wrote = shell.run("".join(f"{command}\n{_NEXT}\n" for command in commands))
        parts = (wrote or "").replace("\r\n", "\n").split(f"\n{_MARK}\n")
        self._answers = dict(zip(commands, parts[:-1], strict=False))

    def run(self, command: str, /) -> str | None:
        """See Shell."""
        return self._answers.get(command)


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

# SPDX-License-Identifier: Apache-2.0
"""/proc and /sys of a device, read by its shell."""

from __future__ import annotations

import shlex

from host_tools.devices.shell import Shell


class ShellFiles:
    """See BoardFiles."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def read_text(self, path: str) -> str | None:
        """See BoardFiles."""
        return self._shell.run(f"cat {shlex.quote(path)} 2>/dev/null; true") or None

    def list_folder(self, path: str) -> list[str]:
        """See BoardFiles."""
        return sorted((self._shell.run(f"ls {shlex.quote(path)} 2>/dev/null; true") or "").split())

    def query_firmware(self, what: str) -> str | None:
        """See BoardFiles."""
        return self._shell.run(f"vcgencmd {what} 2>/dev/null; true") or None

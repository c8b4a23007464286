# SPDX-License-Identifier: Apache-2.0
"""How readings ask a phone: by commands of its shell."""

from __future__ import annotations

from typing import Protocol


class PhoneShell(Protocol):
    """Runs commands on a phone. Only a lost phone raises (DeviceError)."""

    def run(self, command: str, /) -> str | None:
        """What the command wrote; None when it cannot be run."""

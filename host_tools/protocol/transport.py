# SPDX-License-Identifier: Apache-2.0
"""What a link must offer: bytes out, bytes in, an end."""

from __future__ import annotations

from typing import Protocol

from host_tools.errors import DeviceError


class LinkClosedError(DeviceError):
    """The other end is gone."""


class RestartedError(DeviceError):
    """The agent knows nothing of this session: it was started anew meanwhile."""


class Transport(Protocol):
    """A byte stream in both directions; bytes may be lost or damaged, but not reordered."""

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send all of *data*; LinkClosedError when the link ended, DeviceError when it is stuck."""

    def read(self, timeout_s: float) -> bytes:
        """Bytes that have come, at least one; b"" after *timeout_s* without any.

        Raises LinkClosedError when the link ended.
        """

    def close(self) -> None:
        """Free the link; safe to call twice."""

# SPDX-License-Identifier: Apache-2.0
"""The host side of the measuring protocol (docs/protocol.md): frames, messages, session."""

from __future__ import annotations

from host_tools.protocol.frames import PROTOCOL_VERSION, Frame, FrameReader, encode_frame
from host_tools.protocol.messages import Command, RefusedError, Region, Status
from host_tools.protocol.session import Session, Timing
from host_tools.protocol.transport import LinkClosedError, Transport

__all__ = [
    "PROTOCOL_VERSION",
    "Command",
    "Frame",
    "FrameReader",
    "LinkClosedError",
    "RefusedError",
    "Region",
    "Session",
    "Status",
    "Timing",
    "Transport",
    "encode_frame",
]

# SPDX-License-Identifier: Apache-2.0
"""Places where the library runs: this computer, emulated boards, later real ones."""

from __future__ import annotations

from host_tools.devices.base import (
    DELAY_SAMPLES,
    FRAME_SAMPLES,
    SAMPLE_RATE_HZ,
    STAGES,
    Device,
    Identity,
    ProbeResult,
    RunResult,
    Samples,
    Settings,
    StreamResult,
    enhance,
    pcm_digest,
)
from host_tools.devices.registry import open_device, probe_all, resolve

__all__ = [
    "DELAY_SAMPLES",
    "FRAME_SAMPLES",
    "SAMPLE_RATE_HZ",
    "STAGES",
    "Device",
    "Identity",
    "ProbeResult",
    "RunResult",
    "Samples",
    "Settings",
    "StreamResult",
    "enhance",
    "open_device",
    "pcm_digest",
    "probe_all",
    "resolve",
]

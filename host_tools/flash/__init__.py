# SPDX-License-Identifier: Apache-2.0
"""Brings the agent onto boards: over a link, onto an SD card, into a Linux system."""

from __future__ import annotations

from host_tools.flash.flash import Options, flash
from host_tools.flash.image_file import ProgramImage, read_image

__all__ = ["Options", "ProgramImage", "flash", "read_image"]

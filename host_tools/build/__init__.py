# SPDX-License-Identifier: Apache-2.0
"""Builds the C side for a target: library, agent and programs."""

from __future__ import annotations

from host_tools.build.builder import BuildResult, build
from host_tools.build.targets import TARGET_NAMES, Target, find_target

__all__ = ["TARGET_NAMES", "BuildResult", "Target", "build", "find_target"]

# SPDX-License-Identifier: Apache-2.0
"""Agents that run for tests, and their files."""

from __future__ import annotations

from pathlib import Path

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.pipe import PipeTransport


def on_pipes(program: Path, model_path: str, *options: str) -> AgentDevice:
    """The agent in *program* as over ssh."""
    command = [str(program), "--model", model_path, "--memory-mib", "1", *options]
    return AgentDevice("piped", PipeTransport(command, "piped"))


def assert_as_before(program: Path, agent: Path) -> None:
    assert program.read_bytes() == agent.read_bytes()
    assert not program.with_name(f"{program.name}.part").exists()

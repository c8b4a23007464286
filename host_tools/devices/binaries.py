# SPDX-License-Identifier: Apache-2.0
"""Where the built agents are."""

from __future__ import annotations

from pathlib import Path

from host_tools.errors import DeviceError
from host_tools.generate.checkout import checkout_root

AGENT_NAME = "percepnet_agent"


def agent_path(target: str) -> Path:
    """Path at which ``host_tools build --target TARGET`` puts the agent, built or not."""
    return checkout_root() / "build" / target / "firmware" / AGENT_NAME


def find_agent(target: str, device: str) -> Path:
    """The built agent. Raises DeviceError that names the build command."""
    path = agent_path(target)
    if not path.is_file():
        raise DeviceError(f"{device}: no agent at {path}; try: host_tools build --target {target}")
    return path


def holds_model(agent: Path, model: Path) -> bool:
    """Whether an agent has that image built in, byte for byte."""
    return model.read_bytes() in agent.read_bytes()


def model_arguments(model: Path | None) -> list[str]:
    """The agent's options for a model image of its own."""
    return [] if model is None else ["--model", str(model)]

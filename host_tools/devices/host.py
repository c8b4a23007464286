# SPDX-License-Identifier: Apache-2.0
"""``host``: the agent built for this computer."""

from __future__ import annotations

from pathlib import Path

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import ProbeResult
from host_tools.devices.binaries import agent_path, find_agent, model_arguments
from host_tools.devices.pipe import PipeTransport
from host_tools.devices.shell import LocalShell
from host_tools.protocol.session import Timing

NAME = "host"
TARGET = "host"
TIMING = Timing(start_s=10.0, answer_s=5.0, tries=4)


class HostDevice(AgentDevice):
    """This computer.

    *agent* is another binary than the one of the build folder, *model* an image to use instead
    of the one built in.
    """

    def __init__(
        self, *, agent: Path | None = None, model: Path | None = None, timing: Timing | None = None
    ) -> None:
        command = [str(agent or find_agent(TARGET, NAME)), *model_arguments(model)]
        super().__init__(NAME, PipeTransport(command, NAME), timing or TIMING)
        self.shell = LocalShell()


def probe() -> list[ProbeResult]:
    """Whether the agent is built."""
    path = agent_path(TARGET)
    if path.is_file():
        return [ProbeResult(NAME, True, "this computer")]
    return [ProbeResult(NAME, False, "agent not built; try: host_tools build --target host")]

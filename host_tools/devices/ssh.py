# SPDX-License-Identifier: Apache-2.0
"""``ssh:user@host``: a Linux board or computer; sends the agent there and runs it."""

from __future__ import annotations

from pathlib import Path

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.pipe import PipeTransport
from host_tools.devices.remote_shell import RemoteShell, SshAddress
from host_tools.devices.shell import ForgivingShell
from host_tools.devices.ssh_deploy import deploy
from host_tools.protocol.session import Timing

TIMING = Timing(start_s=20.0, answer_s=10.0, tries=3)


class SshDevice(AgentDevice):
    """The agent of the kit's build for that computer; nothing has to be installed there.

    *model* is an image to use instead of the one built in.
    """

    def __init__(self, address: SshAddress, *, model: Path | None = None) -> None:
        self._shell = RemoteShell(address)
        try:
            there = deploy(self._shell, address.folder, model)
            self.target = there.target
            options = f" --model {there.model}" if there.model else ""
            command = self._shell.command(f"exec {there.agent}{options}")
            self.shell = ForgivingShell(self._shell)
            super().__init__(address.name, PipeTransport(command, address.name), TIMING)
        except BaseException:
            self._shell.close()
            raise

    def close(self) -> None:
        """See Device."""
        super().close()
        self._shell.close()

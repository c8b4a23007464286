# SPDX-License-Identifier: Apache-2.0
"""``adb:SERIAL``: an Android phone; pushes the agent there and runs it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from host_tools.devices import adb_server
from host_tools.devices.adb_address import KIND, AdbAddress
from host_tools.devices.adb_client import INSTALL_HINT, connect, find_adb
from host_tools.devices.adb_cores import (
    Placement,
    choose_cores,
    pinned,
    read_placement,
    require_placement,
)
from host_tools.devices.adb_deploy import FOLDER, deploy
from host_tools.devices.adb_link import PhoneLink
from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import ProbeResult
from host_tools.devices.binaries import AGENT_NAME
from host_tools.devices.shell import ForgivingShell
from host_tools.errors import DeviceError
from host_tools.protocol.session import Timing

TIMING = Timing(start_s=20.0, answer_s=10.0, tries=3)
PROBE_S = 3.0

_PID_FILE = f"{FOLDER}/agent.pid"
_STOP_S = 5.0
# The number may belong to another process by now, this shell even; its command line tells.
_STOP = (
    f'p=$(cat {_PID_FILE} 2>/dev/null) && [ "$p" != $$ ] && '
    f"grep -q {AGENT_NAME} /proc/$p/cmdline 2>/dev/null && kill -9 $p 2>/dev/null; "
    f"rm -f {_PID_FILE}"
)


class AdbDevice(AgentDevice):
    """The agent of the kit's build for that phone; nothing has to be installed there.

    *model* is an image to use instead of the one built in. One at a time on a phone: a new one
    ends what an earlier one left running.
    """

    def __init__(self, address: AdbAddress, *, model: Path | None = None) -> None:
        self._shell = connect(address)
        self.shell = self.phone_shell = ForgivingShell(self._shell)
        self.cores = choose_cores(self._shell, address)
        there = deploy(self._shell, model)
        self.target, self.sent_files = there.target, there.sent
        options = f" --model {there.model}" if there.model else ""
        command = pinned(f"{there.agent}{options}", self.cores)
        name = self._shell.name
        script = f"{_STOP}; echo $$ >{_PID_FILE} && exec {command}"
        try:
            super().__init__(name, PhoneLink(self._shell, script), TIMING)
        except BaseException:
            self._stop_agent()
            raise
        if self.cores is not None:
            try:
                require_placement(name, self.placement(), self.cores)
            except BaseException:
                self.close()
                raise

    def placement(self) -> Placement:
        """On which cores the agent may run and where it ran last. Raises DeviceError."""
        return read_placement(self._shell, _PID_FILE)

    def whereabouts(self) -> str | None:
        """See Device: the serial that was chosen and the cores."""
        return f"{self.name}: agent on {self.placement()}"

    def agent_process(self) -> int | None:
        """See Device. Raises DeviceError when the phone is lost."""
        text = self._shell.run(f"cat {_PID_FILE}").strip()
        return int(text) if text.isdecimal() else None

    def close(self) -> None:
        """See Device. What a lost phone goes on running is ended when it is opened again."""
        if self._closed:
            return
        super().close()
        self._stop_agent()

    def _stop_agent(self) -> None:
        with contextlib.suppress(DeviceError, adb_server.NoServerError):
            adb_server.running_phones(PROBE_S)  # a server that was ended is not started anew
            self._shell.run(_STOP, timeout_s=_STOP_S)


def probe() -> list[ProbeResult]:
    """Phones that a running adb server sees; none is started for a mere list."""
    try:
        phones = adb_server.running_phones(PROBE_S)
    except adb_server.NoServerError as error:
        hint = INSTALL_HINT if find_adb() is None else f"{error}; try: adb devices"
        return [ProbeResult(f"{KIND}:", False, hint)]
    if not phones:
        return [ProbeResult(f"{KIND}:", False, "no phone is attached, see: adb devices")]
    return [
        ProbeResult(
            f"{KIND}:{phone.serial}",
            phone.state == "device",
            f"phone {phone.model or 'of unknown model'}"
            + ("" if phone.state == "device" else f" is {phone.state}"),
        )
        for phone in phones
    ]

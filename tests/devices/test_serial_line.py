# SPDX-License-Identifier: Apache-2.0
"""The agent's --tty over a pseudo-terminal, as over a serial line."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import Samples, Settings
from host_tools.devices.host import HostDevice
from host_tools.protocol.session import Timing
from host_tools.protocol.transport import LinkClosedError

Noise = Callable[[int], Samples]
TIMING = Timing(start_s=10.0, answer_s=1.0, tries=5)


class TerminalLink:
    """Transport over the master side of a pseudo-terminal."""

    def __init__(self, master: int) -> None:
        self._master = master

    def write(self, data: bytes, timeout_s: float) -> None:
        del timeout_s
        while data:
            data = data[os.write(self._master, data) :]

    def read(self, timeout_s: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], timeout_s)
        if not ready:
            return b""
        data = os.read(self._master, 4096)
        if not data:
            raise LinkClosedError("terminal closed")
        return data

    def close(self) -> None:
        """The terminal outlives a session, as a cable does."""


@pytest.fixture
def line(agent: Path, model_path: str) -> Iterator[int]:
    """Master side of a terminal at whose other end the agent serves."""
    master, slave = os.openpty()
    command = [str(agent), "--model", model_path, "--tty", f"{os.ttyname(slave)},921600"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    yield master
    running.kill()
    running.wait()
    os.close(slave)
    os.close(master)


def test_one_session_after_another_over_a_serial_line(
    line: int, agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(48_000)
    with HostDevice(agent=agent, model=Path(model_path)) as host:
        expected = host.run(pcm).digest
    os.write(line, b"noise before the first byte\n")
    for _ in range(2):
        with AgentDevice("tty", TerminalLink(line), TIMING) as device:
            assert device.run(pcm).digest == expected
            device.configure(Settings())
            assert len(device.stream(pcm[:480]).pcm) == 480

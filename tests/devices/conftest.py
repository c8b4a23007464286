# SPDX-License-Identifier: Apache-2.0
"""Agents and phones for the tests of devices."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from host_tools.devices.base import Samples
from tests.devices.adb_daemon import Phone
from tests.devices.adb_programs import VERSIONS, need_adb
from tests.needs import need_build, need_program


@pytest.fixture(scope="session")
def agent() -> Path:
    """The real agent for this computer."""
    return need_build("host", "percepnet_agent")


@pytest.fixture(scope="session")
def noise() -> Callable[[int], Samples]:
    """Makes so many samples of loud noise, always the same."""

    def make(samples: int) -> Samples:
        generator = np.random.default_rng(7)
        return generator.integers(-20_000, 20_000, samples).astype(np.int16)

    return make


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adb")


@pytest.fixture(params=VERSIONS)
def server(
    request: pytest.FixtureRequest,
    programs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The adb program, whose server has a port of its own and ends with the test."""
    program = need_adb(request.param, programs)
    monkeypatch.setenv("PATH", f"{Path(program).parent}:{os.environ['PATH']}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for name in ("ADB_SERVER_SOCKET", "ANDROID_ADB_SERVER_ADDRESS", "ANDROID_SERIAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
    monkeypatch.setenv("HOME", str(tmp_path))  # where it puts its key
    monkeypatch.setenv("ADB_LIBUSB", "0")  # it would wait three seconds for phones on USB
    yield program
    subprocess.run([program, "kill-server"], capture_output=True, timeout=20)


@pytest.fixture
def phone(server: str, tmp_path: Path) -> Iterator[Phone]:
    """A 64-bit phone in the network, not connected to yet."""
    need_program("qemu-aarch64")
    need_build("rpi-aarch64", "percepnet_agent")
    with Phone(tmp_path / "phone") as made:
        yield made

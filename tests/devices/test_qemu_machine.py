# SPDX-License-Identifier: Apache-2.0
"""A machine of QEMU: its terminals, its last words, and that it never outlives its program."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from host_tools.devices.boards.machine import QemuMachine
from host_tools.errors import DeviceError, MissingDependency
from tests.needs import need_program

QEMU = "qemu-system-aarch64"


def processes_with(word: str) -> list[int]:
    """Running processes with a word in their command line, but for this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def gone(word: str, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while processes_with(word) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not processes_with(word)


@pytest.fixture
def bare() -> tuple[list[str], str]:
    """The command of a machine without a processor, and a word in it that no other has."""
    word = f"percepnet-{uuid.uuid4().hex}"
    return [need_program(QEMU), "-M", "none", "-name", word, "-serial", "pty"], word


def test_a_machine_names_its_terminals_and_ends_on_close(bare: tuple[list[str], str]) -> None:
    command, word = bare
    with QemuMachine([*command, "-serial", "null", "-serial", "pty"], "test") as machine:
        assert len(set(machine.serial_paths)) == 2
        assert all(stat.S_ISCHR(os.stat(path).st_mode) for path in machine.serial_paths)
        assert machine.is_running and machine.ended() == "" and processes_with(word)
    assert not machine.is_running and not processes_with(word)
    assert "switched off" in machine.ended()
    machine.close()


def test_a_machine_that_ends_at_once_tells_its_last_line() -> None:
    need_program(QEMU)
    with pytest.raises(
        DeviceError, match=r"test: .* ended with exit code 1: qemu.*unsupported machine"
    ) as caught:
        QemuMachine([QEMU, "-M", "nonsense", "-serial", "pty"], "test")
    assert "\n" not in str(caught.value)


def test_a_machine_that_is_killed_says_so(bare: tuple[list[str], str]) -> None:
    command, word = bare
    with QemuMachine(command, "test") as machine:
        for process in processes_with(word):
            # a helper process of its start may be gone already
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if os.readlink(f"/proc/{process}/exe").endswith(QEMU):
                    os.kill(process, signal.SIGTERM)
        assert machine.wait(10)
        assert "ended" in machine.ended()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_machine_never_outlives_its_program(
    how: signal.Signals, bare: tuple[list[str], str]
) -> None:
    command, word = bare
    code = (
        "import sys, time\nfrom host_tools.devices.boards.machine import QemuMachine\n"
        "QemuMachine(sys.argv[1:], 'test')\nprint('up', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as program:
        assert program.stdout is not None and program.stdout.readline() == b"up\n"
        program.send_signal(how)
    assert gone(word)


def test_a_missing_qemu_names_its_debian_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match=f"test: {QEMU} is not .* install qemu-system-arm"):
        QemuMachine([QEMU], "test")

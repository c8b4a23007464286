# SPDX-License-Identifier: Apache-2.0
"""Readings through the real agent: files, folders and the firmware's program, within limits."""

from __future__ import annotations

import os
import resource
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.board_files import BoardFiles, this_machine
from host_tools.devices.pipe import PipeTransport
from host_tools.measure.board_readings import Snapshot
from host_tools.protocol import Command, RefusedError, Session, Status
from host_tools.protocol.readings import file_part, position_payload
from tests.needs import ROOT, need_build
from tests.timing import in_real_time

Opened = Callable[[], AgentDevice]

LONG_FILES = ("/sys/kernel/btf/vmlinux", "/proc/kallsyms", "/proc/config.gz")
"""Longer than 12 000 bytes and the same at every reading, where the kernel has them."""


@pytest.fixture(params=["host", "host-asan"])
def opened(
    request: pytest.FixtureRequest, model_path: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opened]:
    """Opens the agent once the test has arranged its surroundings."""
    program = need_build(request.param, "percepnet_agent")
    devices: list[AgentDevice] = []

    def start() -> AgentDevice:
        link = PipeTransport([str(program), "--model", model_path, "--memory-mib", "1"], "agent")
        devices.append(AgentDevice("agent", link))
        return devices[-1]

    yield start
    for device in devices:
        device.close()


def session_of(device: AgentDevice) -> Session:
    return device._session


def files_of(device: AgentDevice) -> BoardFiles:
    assert device.board_files is not None
    return device.board_files


def refusal(device: AgentDevice, command: Command, payload: bytes) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        session_of(device).request(command, payload)
    return caught.value


def test_the_agent_reads_its_own_times_and_whole_files(opened: Opened) -> None:
    device = opened()
    files = files_of(device)
    stat = files.read_text("/proc/self/stat")
    assert stat is not None and "(percepnet_agent)" in stat
    cpuinfo = files.read_text("/proc/cpuinfo")
    assert cpuinfo is not None and cpuinfo == Path("/proc/cpuinfo").read_text()
    seen = Snapshot.take(files)
    assert seen.process is not None and seen.process.name == "percepnet_agent"
    assert [thread.number for thread in seen.threads] == [seen.process.number]
    assert seen.cores is not None and len(seen.cores) == os.cpu_count()
    assert device.run(np.zeros(480, np.int16)).frames == 1


def test_a_long_file_comes_in_parts_from_any_offset(opened: Opened) -> None:
    device = opened()
    path = next((place for place in LONG_FILES if Path(place).exists()), None)
    if path is None:
        pytest.skip("no long file below /proc and /sys here")
    with open(path, "rb") as file:
        start = file.read(20_000)
    for offset in (0, 1, 3999, 4000, 7777):
        answer = session_of(device).request(Command.READ_FILE, position_payload(offset, path))
        assert file_part(answer) == (False, start[offset : offset + 4000])
    beyond = position_payload(2**32 - 1, "/proc/stat")
    assert file_part(session_of(device).request(Command.READ_FILE, beyond)) == (True, b"")


def test_folders_are_listed_as_they_are(opened: Opened) -> None:
    files, here = files_of(opened()), this_machine()
    assert files.list_folder("/sys/") == here.list_folder("/sys/") != []
    assert files.list_folder("/sys/devices/system/cpu") == sorted(
        os.listdir("/sys/devices/system/cpu")
    )
    links = "/sys/class/tty"
    assert files.list_folder(links) == here.list_folder(links)
    assert files.list_folder("/proc/stat") == [] == files.list_folder("/proc/none")


def test_a_folder_of_many_names_comes_in_parts(opened: Opened) -> None:
    device = opened()
    folder = f"/proc/{os.getpid()}/fd"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1500, hard), hard))
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    try:
        names = files_of(device).list_folder(folder)
    finally:
        for file in files:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(names) > 1100 and set(names) >= {str(file) for file in files}
    skipped = position_payload(2**32 - 1, folder)
    assert file_part(session_of(device).request(Command.LIST_FOLDER, skipped)) == (True, b"")


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/passwd", "/proc/../etc/passwd", "/proc/self/..", "/sys/..", "/proc", "/sys", ""),
        *("proc/stat", "/process/stat", "/proc/stat\0", "/proc/\0/etc/passwd", "/proc/a/../../b"),
    ],
)
@pytest.mark.parametrize("command", [Command.READ_FILE, Command.LIST_FOLDER])
def test_a_path_outside_is_out_of_range(opened: Opened, command: Command, path: str) -> None:
    error = refusal(opened(), command, position_payload(0, path))
    assert error.status == Status.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/proc/self/root/etc/passwd", "a link out of /proc and /sys"),
        ("/proc/self/cwd/pyproject.toml", "a link out of /proc and /sys"),
        ("/proc/self/exe", "a link out of /proc and /sys"),
        ("/proc/self/environ", "not readable for every user"),
        ("/proc/self/mem", "not readable for every user"),
        ("/proc/self/task", "not a regular file"),
        ("/proc/", "not a regular file"),
        ("/proc/self/fd/0", "No such file or directory"),
        ("/proc/2147483646/stat", "No such file or directory"),
        ("/proc/" + 249 * "x", "No such file or directory"),
        ("/proc/..x", "No such file or directory"),
    ],
)
def test_what_leads_out_is_secret_or_not_there_fails_with_a_reason(
    opened: Opened, path: str, reason: str
) -> None:
    device = opened()
    error = refusal(device, Command.READ_FILE, position_payload(0, path))
    assert (error.status, error.device_text) == (Status.FAILED, reason)
    assert str(error) == f"agent: the agent refused read_file: {reason}"
    assert files_of(device).read_text(path) is None
    assert files_of(device).read_text("/proc/self/stat") is not None, "the agent goes on"


def test_the_folder_behind_a_link_out_is_not_listed(opened: Opened) -> None:
    device = opened()
    for path in ("/proc/self/root", "/proc/self/root/etc", "/proc/self/cwd/"):
        error = refusal(device, Command.LIST_FOLDER, position_payload(0, path))
        assert error.status == Status.FAILED


def test_a_process_that_ended_is_not_there_any_more(opened: Opened) -> None:
    files = files_of(opened())
    child = subprocess.Popen(["sleep", "60"])
    try:
        assert Snapshot.take(files, str(child.pid)).process is not None
    finally:
        child.kill()
        child.wait()
    gone = Snapshot.take(files, str(child.pid))
    assert gone.process is None and gone.threads == ()


@pytest.mark.parametrize("payload", [b"", b"\0\0\0", b"\0\0\0\0", b"\0\0\0\0\x09/proc/st"])
def test_a_short_request_is_a_bad_length(opened: Opened, payload: bytes) -> None:
    device = opened()
    for command in (Command.READ_FILE, Command.LIST_FOLDER):
        assert refusal(device, command, payload).status == Status.BAD_LENGTH
    assert refusal(device, Command.FIRMWARE_QUERY, b"\x05abc").status == Status.BAD_LENGTH


def test_bytes_behind_a_request_are_ignored(opened: Opened) -> None:
    payload = position_payload(0, "/proc/uptime") + b"of a later version"
    ended, text = file_part(session_of(opened()).request(Command.READ_FILE, payload))
    assert ended and float(text.split()[0]) > 0


def program_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A vcgencmd of the test's own, found before any other."""
    program = folder / "vcgencmd"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_the_firmware_is_asked_known_questions_only(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_on_path(tmp_path, monkeypatch, 'echo "$# words: $*"; echo noise >&2; cat')
    device = opened()
    files = files_of(device)
    assert files.query_firmware("get_throttled") == "1 words: get_throttled\n"
    assert files.query_firmware("measure_clock arm") == "2 words: measure_clock arm\n"
    for question in (
        "",
        "measure_clock",
        "measure_clock core",
        "get_throttled;id",
        "codec_enabled",
    ):
        payload = struct.pack("<B", len(question)) + question.encode()
        error = refusal(device, Command.FIRMWARE_QUERY, payload)
        assert error.status == Status.OUT_OF_RANGE
    zero = b"\x0emeasure_temp\0x"
    assert refusal(device, Command.FIRMWARE_QUERY, zero).status == Status.OUT_OF_RANGE


def test_a_long_answer_of_the_firmware_is_cut_and_a_failure_is_told(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_on_path(tmp_path, monkeypatch, "head -c 100000 /dev/zero | tr '\\0' x")
    device = opened()
    assert files_of(device).query_firmware("pmic_read_adc") == "x" * 4000
    program_on_path(tmp_path, monkeypatch, "echo VCHI initialization failed; exit 255")
    payload = b"\x0cmeasure_temp"
    assert refusal(device, Command.FIRMWARE_QUERY, payload).status == Status.FAILED
    (tmp_path / "vcgencmd").unlink()
    if shutil.which("vcgencmd") is None:
        assert files_of(device).query_firmware("measure_temp") is None


@in_real_time
def test_a_firmware_that_hangs_is_left_alone(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_on_path(tmp_path, monkeypatch, "echo half; exec sleep 30")
    device = opened()
    began_s = time.monotonic()
    assert files_of(device).query_firmware("get_throttled") is None
    assert 1.9 < time.monotonic() - began_s < 4.5
    program_on_path(tmp_path, monkeypatch, "exec >&-; exec sleep 30")
    assert files_of(device).query_firmware("get_throttled") is None
    assert files_of(device).read_text("/proc/uptime") is not None


def test_an_agent_without_the_ability_has_no_files() -> None:
    command = [sys.executable, str(ROOT / "tests" / "devices" / "fake_agent.py"), "plain"]
    with AgentDevice("fake", PipeTransport(command, "fake")) as device:
        assert device.board_files is None

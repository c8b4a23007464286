# SPDX-License-Identifier: Apache-2.0
"""``board:`` devices: whole emulated computers that boot Debian's kernel."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.cli import main
from host_tools.devices import open_device
from host_tools.devices.base import Samples
from host_tools.devices.boards import debian_kernels, linux_boards
from host_tools.devices.boards.debian_kernels import ARM64, DROPBEAR, FileSet, fetched
from host_tools.devices.boards.initramfs import BoardSystem, Entry, build_archive, cpio
from host_tools.devices.boards.linux_boards import LINUX_BOARDS, Extras, LinuxBoardDevice, boot
from host_tools.devices.boards.running import running_board
from host_tools.devices.boards.ssh_access import settings_folder
from host_tools.devices.host import HostDevice
from host_tools.errors import DeviceError, MissingDependency, ToolError, UsageError
from tests.needs import need, need_build, need_program

Noise = Callable[[int], Samples]
QEMU = "qemu-system-aarch64"
SECOND = 48_000
VIRT = "virt-cortex-a72"


def need_board(name: str) -> None:
    """Skip where the board cannot boot: no QEMU, no agent, or no network to fetch its kernel."""
    board = LINUX_BOARDS[name]
    need_program(board.program)
    need_build(board.target, "percepnet_agent")
    need_files(board.files)


def need_files(files: FileSet) -> None:
    try:
        fetched(files, "test")
    except ToolError as error:
        need(False, str(error))


def digest_on_host(pcm: Samples, agent: Path, model_path: str) -> str:
    with HostDevice(agent=agent, model=Path(model_path)) as host:
        return host.run(pcm).digest


@pytest.fixture
def no_boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which no files of Debian are yet."""
    folder = tmp_path / "boards"
    monkeypatch.setenv(debian_kernels.FOLDER_VARIABLE, str(folder))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cpu"),
    [("raspi3b-linux", "Cortex-A53"), ("raspi2b-linux", "Cortex-A7"), (VIRT, "Cortex-A72")],
)
def test_a_board_gives_the_same_output_as_this_computer(
    name: str, cpu: str, agent: Path, model_path: str, noise: Noise
) -> None:
    need_board(name)
    pcm = noise(SECOND)
    with open_device(f"board:{name}", model=model_path) as device:
        assert isinstance(device, LinuxBoardDevice)
        group = device._transport._machine._process.pid  # type: ignore[attr-defined]
        assert device.name == f"board:{name}" and device.link_bytes_per_s is None
        assert device.identify().cpu_name == cpu
        assert device.run(pcm).digest == digest_on_host(pcm, agent, model_path)
        if LINUX_BOARDS[name].modules and device.board_files is not None:
            heat = device.board_files.read_text("/sys/class/thermal/thermal_zone0/temp")
            assert heat is not None and 0 < int(heat) < 100_000
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.mark.slow
def test_a_running_board_is_reached_over_ssh_and_its_serial_line(
    agent: Path, model_path: str, noise: Noise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_board(VIRT)
    need_files(DROPBEAR)
    need_program("ssh-keygen")
    pcm = noise(SECOND)
    expected = digest_on_host(pcm, agent, model_path)
    with running_board(VIRT, ssh=True, model=Path(model_path)) as running:
        assert running.ssh_name is not None and running.ssh_settings is not None
        shared = settings_folder() / running.ssh_name.partition(":")[2]
        assert shared.read_text() == running.ssh_settings.read_text()
        # ssh takes the home folder from the user database, so the settings come by option
        program = tmp_path / "bin" / "ssh"
        program.parent.mkdir()
        command = f'exec {need_program("ssh")} -F "{running.ssh_settings}" "$@"'
        program.write_text(f"#!/bin/sh\n{command}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        with open_device(running.ssh_name, model=model_path) as device:
            assert device.identify().cpu_name == "Cortex-A72"
            assert device.run(pcm).digest == expected
        with open_device(running.serial_name, model=model_path) as device:
            assert device.run(pcm[:4800]).frames == 10
    assert not running.machine.is_running
    assert not running.ssh_settings.exists() and not shared.exists()


@pytest.mark.slow
def test_the_command_holds_a_board_until_ctrl_c(model_path: str) -> None:
    need_board(VIRT)
    command = [sys.executable, "-m", "host_tools", "--json", "board", VIRT, "--model", model_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            lines = []
            for line in running.stdout:
                lines.append(line)
                if line == "}\n":
                    break
            (name,) = json.loads("".join(lines))["devices"]
            with open_device(name, model=model_path) as device:
                assert device.identify().cpu_name == "Cortex-A72"
            running.send_signal(signal.SIGINT)
            assert running.wait(20) == 0
        finally:
            running.terminate()  # else a failure waits for it

    with pytest.raises(DeviceError):
        open_device(name)


@pytest.mark.slow
def test_a_board_that_switches_itself_off_is_a_device_error() -> None:
    need_board(VIRT)
    with pytest.raises(DeviceError, match=rf"board:{VIRT}: {QEMU} ended with exit code 0"):
        boot(VIRT, extras=Extras(commands=("poweroff -f",)))


@pytest.mark.slow
def test_a_kernel_that_gives_up_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    need_board(VIRT)

    def without_programs(system: BoardSystem) -> bytes:
        return build_archive(dataclasses.replace(system, busybox=Path("/dev/null")))

    monkeypatch.setattr(linux_boards, "build_archive", without_programs)
    with pytest.raises(
        DeviceError, match=rf"board:{VIRT}: its Linux gave up: Kernel panic - .*init"
    ):
        boot(VIRT)


@pytest.mark.parametrize("name", ["", "raspi3b-linus", "RASPI3B-LINUX", "/dev/null"])
def test_an_unknown_board_is_a_usage_error_with_those_that_exist(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_device(f"board:{name}")
    assert all(f"board:{known}" in str(caught.value) for known in LINUX_BOARDS)
    assert main(["board", name]) == 2


def test_ssh_is_refused_where_no_network_is() -> None:
    with (
        pytest.raises(UsageError, match=f"no network for ssh; these have: {VIRT}"),
        running_board("raspi3b-linux", ssh=True),
    ):
        pass


def test_a_missing_emulator_names_its_debian_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="apt-get install qemu-system-arm"):
        open_device(f"board:{VIRT}")
    results = {result.name: result for result in map(linux_boards.probe, LINUX_BOARDS)}
    assert not any(result.ready for result in results.values())


def test_the_list_of_devices_tells_what_will_be_fetched(no_boards: Path) -> None:
    need_program(QEMU)
    need_program("apt-get")
    need_build("rpi-aarch64", "percepnet_agent")
    result = linux_boards.probe("raspi3b-linux")
    assert result.ready and "kernel package will be fetched (60 MB)" in result.detail
    ARM64.folder.mkdir(parents=True)
    assert "fetched" not in linux_boards.probe("raspi3b-linux").detail


def read_cpio(data: bytes) -> Iterator[tuple[str, int, int, bytes]]:
    """Name, mode, device and content of each entry, read as the kernel reads them."""
    at = 0
    while True:
        assert data[at : at + 6] == b"070701" and at % 4 == 0
        field = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name_end = at + 110 + field[11]
        assert data[name_end - 1] == 0
        start = name_end + -name_end % 4
        content = data[start : start + field[6]]
        name = data[at + 110 : name_end - 1].decode()
        if name == "TRAILER!!!":
            return
        yield name, field[1], field[9] << 8 | field[10], content
        at = start + field[6] + -field[6] % 4


def test_the_archive_holds_what_was_put_in() -> None:
    entries = [
        Entry("a", stat.S_IFDIR | 0o755),
        Entry("a/odd", stat.S_IFREG | 0o600, b"12345"),
        Entry("a/longer name", stat.S_IFLNK | 0o777, b"odd"),
        Entry("console", stat.S_IFCHR | 0o600, device=(5, 1)),
    ]
    data = cpio(entries)
    assert data == cpio(entries)
    assert list(read_cpio(data)) == [
        (entry.path, entry.mode, entry.device[0] << 8 | entry.device[1], entry.data)
        for entry in entries
    ]


def test_a_board_s_archive_has_folders_before_what_is_in_them(tmp_path: Path) -> None:
    for name in ("busybox", "one.ko", "agent"):
        (tmp_path / name).write_text(name)
    system = BoardSystem(
        busybox=tmp_path / "busybox",
        modules=[tmp_path / "one.ko"],
        services=["/agent --tty /dev/ttyX"],
        files={"opt/deep/agent": tmp_path / "agent"},
        texts={"etc/passwd": "root\n"},
    )
    content = {name: data for name, _, _, data in read_cpio(build_archive(system))}
    names = list(content)
    assert names.index("opt") < names.index("opt/deep") < names.index("opt/deep/agent")
    assert {"init", "bin/busybox", "dev/console", "etc/passwd"} <= set(names)
    assert content["opt/deep/agent"] == b"agent" and content["modules/one.ko"] == b"one.ko"
    assert b"insmod /modules/one.ko" in content["etc/start"]
    assert b"null::respawn:/agent --tty /dev/ttyX\n" in content["etc/inittab"]

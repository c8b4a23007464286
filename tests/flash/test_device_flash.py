# SPDX-License-Identifier: Apache-2.0
"""A running agent replaces itself: over a terminal, over pipes, or not at all."""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.pipe import PipeTransport
from host_tools.devices.program_writer import NewProgramSilentError
from host_tools.devices.serial_line import SerialDevice
from host_tools.errors import DataError, DeviceError, ProtocolError, UsageError
from host_tools.flash import device_flash
from host_tools.flash.device_flash import flash_device
from host_tools.flash.image_file import ProgramImage, read_image
from tests.devices.serial_proxy import SerialProxy
from tests.devices.test_serial_device import address, agent_on, line_to_agent
from tests.flash.images import with_build_id
from tests.flash.running import assert_as_before, on_pipes
from tests.needs import need, need_build, need_program


def test_only_what_differs_travels_over_a_serial_line(
    installed: Path, agent: Path, other: ProgramImage, model_path: str
) -> None:
    told: list[tuple[int, int]] = []
    installed.chmod(0o750)
    with (
        line_to_agent(installed, model_path) as proxy,
        SerialDevice(address(proxy)) as device,
    ):
        old = device.identify().build_id
        done = flash_device(device, other.path, lambda *what: told.append(what))
        assert device.identify().build_id == "5a" * 20
        assert device.identify().capacity_frames > 0
        assert proxy.to_device.sent < 64 << 10
    assert (done.old_build, done.new_build) == (old, "5a" * 20)
    assert 0 < done.sent_bytes <= 4096
    assert done.sent_bytes + done.skipped_bytes == other.size
    assert told and told[-1][0] == told[-1][1]
    assert installed.read_bytes() == other.data
    assert installed.stat().st_mode & 0o777 == 0o750
    before = installed.with_name("board_agent.before")
    assert before.read_bytes() == agent.read_bytes() and os.access(before, os.X_OK)


def test_a_longer_program_arrives_over_a_line_that_loses_frames(
    installed: Path, other: ProgramImage, model_path: str, tmp_path: Path
) -> None:
    longer = tmp_path / "longer"
    longer.write_bytes(other.data + random.Random(1).randbytes(400_000))
    proxy = SerialProxy(rate=0.02)
    try:
        with (
            agent_on(proxy.device_path, installed, model_path),
            SerialDevice(address(proxy)) as device,
        ):
            done = flash_device(device, longer)
            assert device._session.resent > 0
    finally:
        proxy.close()
    assert done.new_build == other.build_id and done.sent_bytes >= 400_000
    assert proxy.to_device.hit > 0
    assert installed.read_bytes() == longer.read_bytes()


def test_a_wholly_different_program_takes_its_place(installed: Path, model_path: str) -> None:
    checking = need_build("host-asan", "percepnet_agent")
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        done = flash_device(device, checking)
    assert done.new_build == read_image(checking).build_id != done.old_build
    assert installed.read_bytes() == checking.read_bytes()


def test_an_agent_on_pipes_replaces_itself_again_and_again(
    installed: Path, agent: Path, other: ProgramImage, model_path: str
) -> None:
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        first = flash_device(device, other.path)
        second = flash_device(device, agent)
        third = flash_device(device, agent)
    assert first.new_build == second.old_build
    assert (second.new_build, third.new_build) == (first.old_build, first.old_build)
    assert third.sent_bytes == 0
    assert installed.with_name("board_agent.before").read_bytes() == other.data
    assert_as_before(installed, agent)


def test_an_agent_of_the_sanitizers_replaces_itself(
    tmp_path: Path, other: ProgramImage, model_path: str
) -> None:
    checking = Path(shutil.copy(need_build("host-asan", "percepnet_agent"), tmp_path / "checking"))
    with on_pipes(checking, model_path) as device:
        assert isinstance(device, AgentDevice)
        assert flash_device(device, other.path).new_build == other.build_id


@pytest.fixture
def small_disk(tmp_path: Path, agent: Path) -> Iterator[Path]:
    """A file system with room for one agent and a bit."""
    need(os.geteuid() == 0 and shutil.which("mount") is not None, "only root mounts a small disk")
    folder = tmp_path / "small"
    folder.mkdir()
    size = agent.stat().st_size * 3 // 2
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    need(subprocess.run(command, capture_output=True).returncode == 0, "no disk can be mounted")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_old_program_running(
    small_disk: Path, agent: Path, other: ProgramImage, model_path: str
) -> None:
    program = Path(shutil.copy(agent, small_disk / "percepnet_agent"))
    with on_pipes(program, model_path) as device:
        assert isinstance(device, AgentDevice)
        with pytest.raises(DeviceError, match=r"\.part: No space left on device; the old prog"):
            flash_device(device, other.path)
        assert device.identify().build_id != other.build_id
        device.configure(device._settings)
    assert_as_before(program, agent)
    assert [path.name for path in small_disk.iterdir()] == ["percepnet_agent"]


def test_a_read_only_disk_leaves_the_old_program_running(
    tmp_path: Path, agent: Path, other: ProgramImage, model_path: str
) -> None:
    need(os.geteuid() == 0 and shutil.which("mount") is not None, "only root mounts a disk")
    folder = tmp_path / "frozen"
    folder.mkdir()
    with ExitStack() as undo:
        command = ["mount", "-t", "tmpfs", "none", str(folder)]
        need(subprocess.run(command, capture_output=True).returncode == 0, "no disk to mount")
        undo.callback(subprocess.run, ["umount", str(folder)], check=True)
        program = Path(shutil.copy(agent, folder / "percepnet_agent"))
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        with on_pipes(program, model_path) as device:
            assert isinstance(device, AgentDevice)
            with pytest.raises(DeviceError, match="Read-only file system; the old program runs"):
                flash_device(device, other.path)
        assert_as_before(program, agent)


def test_an_interruption_leaves_the_old_program_running(
    installed: Path, agent: Path, model_path: str
) -> None:
    checking = need_build("host-asan", "percepnet_agent")

    def interrupt(done: int, size: int) -> None:
        if done > size // 4:
            raise KeyboardInterrupt

    with line_to_agent(installed, model_path) as proxy:
        with SerialDevice(address(proxy)) as device, pytest.raises(KeyboardInterrupt):
            flash_device(device, checking, interrupt)
        with SerialDevice(address(proxy)) as device:
            assert device.identify().build_id == read_image(agent).build_id
    assert_as_before(installed, agent)


def test_a_program_that_stays_silent_tells_the_way_back(
    installed: Path, other: ProgramImage, model_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)

        def silent(*_: object) -> None:
            raise NewProgramSilentError("piped: the new program was started and does not answer")

        monkeypatch.setattr(device, "flash", silent)
        with pytest.raises(DeviceError, match=r"does not answer; the old program is kept there"):
            flash_device(device, other.path)


def test_another_build_than_the_one_sent_is_noticed(
    installed: Path, other: ProgramImage, model_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        real = device.flash
        monkeypatch.setattr(device, "flash", lambda data, _=None: real(installed.read_bytes()))
        with pytest.raises(
            DeviceError, match=r"answers after flashing, not 5a5a5a5a5a5a: .*the old one runs"
        ):
            flash_device(device, other.path)


def test_a_program_that_dies_is_silent_for_the_device(
    installed: Path, model_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)

        def dead() -> bytes:
            raise ProtocolError("garbage")

        data = installed.read_bytes()
        monkeypatch.setattr(device._session, "open", dead)
        with pytest.raises(NewProgramSilentError, match="started and does not answer"):
            device.flash(data)


def test_an_agent_whose_file_was_deleted_cannot_be_replaced(
    installed: Path, other: ProgramImage, model_path: str
) -> None:
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        installed.unlink()
        with pytest.raises(DeviceError, match="No such file or directory; the old program runs"):
            flash_device(device, other.path)
        device.configure(device._settings)


def test_an_emulated_agent_keeps_its_file(
    tmp_path: Path, model_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = need_program("qemu-aarch64")
    built = need_build("rpi-aarch64", "percepnet_agent")
    need(not Path("/proc/sys/fs/binfmt_misc/qemu-aarch64").exists(), "this computer starts it")
    program = Path(shutil.copy(built, tmp_path / "emulated"))
    command = [emulator, str(program), "--model", model_path, "--memory-mib", "1"]
    with AgentDevice("emulated", PipeTransport(command, "emulated")) as device:
        assert isinstance(device, AgentDevice)
        with pytest.raises(DeviceError, match="the new program does not start here"):
            device.flash(with_build_id(built.read_bytes(), "5a" * 20))
    assert_as_before(program, built)


def test_an_agent_that_cannot_says_so(
    installed: Path, other: ProgramImage, model_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        old = dataclasses.replace(device.identify(), can_flash=False)
        monkeypatch.setattr(device, "identify", lambda: old)
        with pytest.raises(UsageError, match="cannot replace itself"):
            flash_device(device, other.path)


def test_the_default_program_is_the_build_for_the_device(
    installed: Path, model_path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with on_pipes(installed, model_path) as device:
        identity = device.identify()
    arm = dataclasses.replace(identity, cpu_arch="aarch64")
    bare = dataclasses.replace(arm, platform="bare-metal")
    strange = dataclasses.replace(identity, cpu_arch="riscv64")
    monkeypatch.setattr(device_flash, "agent_path", lambda target: tmp_path / target / "agent")
    for known, target in ((identity, "host"), (arm, "rpi-aarch64"), (bare, "rpi-bare-metal")):
        need(identity.cpu_arch == "x86_64" or target != "host", "a PC")
        with pytest.raises(DataError, match=f"host_tools build --target {target}"):
            device_flash.default_image(known, "board")
    with pytest.raises(DataError, match=r"no build for a 'riscv64' CPU; give one with --image"):
        device_flash.default_image(strange, "board")
    file = tmp_path / "rpi-bare-metal" / "kernel8.img"
    file.parent.mkdir()
    file.write_bytes(b"x")
    assert device_flash.default_image(bare, "board") == file

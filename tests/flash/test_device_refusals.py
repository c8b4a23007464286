# SPDX-License-Identifier: Apache-2.0
"""Programs that an agent must not become: refused by this side, and by the agent itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.program_writer import write_program
from host_tools.errors import DataError, DeviceError, UsageError
from host_tools.flash.device_flash import flash_device
from host_tools.protocol import RefusedError
from tests.flash.running import assert_as_before, on_pipes
from tests.needs import need, need_build


def cut_short(program: bytes) -> bytes:
    return program[: len(program) // 2]


def for_another_processor(program: bytes) -> bytes:
    return program[:18] + b"\xf3" + program[19:]


def of_another_class(program: bytes) -> bytes:
    return program[:4] + b"\x01" + program[5:]


def unmarked(program: bytes) -> bytes:
    mark = b"percepnet_agent that takes programs"
    return program.replace(mark, mark.upper())


def text(program: bytes) -> bytes:
    return b"#!/bin/sh\n" * 20


def short(program: bytes) -> bytes:
    return program[:20]


def with_a_segment_outside(program: bytes) -> bytes:
    return program[:72] + b"\xff" * 8 + program[80:]


def that_cannot_run(program: bytes) -> bytes:
    """Good headers, but the name of the dynamic loader is nobody's."""
    assert b"/ld-linux" in program
    return program.replace(b"/ld-linux", b"/no-linux", 1)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (cut_short, "cut short"),
        (for_another_processor, "a program for another processor"),
        (of_another_class, "a program for another processor"),
        (unmarked, "no percepnet_agent, or one that could not be replaced again"),
        (text, "no program for Linux"),
        (short, "shorter than the header"),
        (with_a_segment_outside, "cut short"),
        (that_cannot_run, "the new program does not start here: No such file"),
    ],
)
def test_the_agent_itself_refuses_what_cannot_run_and_goes_on(
    installed: Path, agent: Path, model_path: str, harm: object, why: str
) -> None:
    assert callable(harm)
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        build = device.identify().build_id
        with pytest.raises(DeviceError, match=f"{why}.*; the old program runs"):
            write_program(device._session, harm(agent.read_bytes()))
        assert AgentDevice.identify(device).build_id == build
        device.configure(device._settings)
    assert_as_before(installed, agent)
    assert not installed.with_name("board_agent.before").exists()


def test_a_real_program_of_another_machine_is_refused_by_both_sides(
    installed: Path, agent: Path, model_path: str
) -> None:
    foreign = need_build("rpi-aarch64", "percepnet_agent")
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        need(device.identify().cpu_arch != "aarch64", "this computer is that machine")
        with pytest.raises(DataError, match=r"for linux on aarch64, but piped is linux on"):
            flash_device(device, foreign)
        with pytest.raises(DeviceError, match="another processor"):
            write_program(device._session, foreign.read_bytes())
    assert_as_before(installed, agent)


def test_a_kernel_for_a_bare_board_is_not_sent_to_linux(
    installed: Path, agent: Path, kernel: Path, model_path: str
) -> None:
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        with pytest.raises(DataError, match="for bare-metal on aarch64, but piped is linux"):
            flash_device(device, kernel)
    assert_as_before(installed, agent)


def test_a_program_too_long_for_the_agent_is_refused(installed: Path, model_path: str) -> None:
    with on_pipes(installed, model_path) as device:
        assert isinstance(device, AgentDevice)
        with pytest.raises(DeviceError, match=r"has 67108865 bytes, the device takes 67108864"):
            write_program(device._session, bytes((64 << 20) + 1))


def test_an_agent_told_so_is_never_replaced(model_path: str) -> None:
    agent = need_build("host", "percepnet_agent")
    with on_pipes(agent, model_path, "--no-flash") as device:
        assert not device.identify().can_flash
        with pytest.raises(UsageError, match="its agent cannot replace itself"):
            flash_device(device, agent)
        with pytest.raises(RefusedError, match="unknown command"):
            write_program(device._session, agent.read_bytes())

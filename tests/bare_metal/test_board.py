# SPDX-License-Identifier: Apache-2.0
"""kernel8.img on a whole emulated Raspberry Pi 3, over its serial line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from host_tools.devices.base import Device, Samples, Settings
from host_tools.devices.boards.bare_metal import (
    BARE_BOARDS,
    BareMetalBoard,
    machine_command,
    qemu_has,
)
from host_tools.devices.boards.machine import QemuMachine
from host_tools.devices.host import HostDevice
from host_tools.devices.program_writer import write_program
from host_tools.devices.serial_line import SerialAddress, SerialDevice
from host_tools.errors import DataError, DeviceError, ToolError
from host_tools.measure.board_counts import board_counts
from host_tools.protocol import Command
from host_tools.protocol import messages as msg
from tests.bare_metal import images
from tests.bare_metal.test_boot_options import tree
from tests.devices.serial_proxy import SerialProxy
from tests.needs import need_build, need_program

pytestmark = pytest.mark.slow

SECOND = 48_000
MEBIBYTE_SAMPLES = (1 << 20) // 2


@pytest.fixture(scope="module")
def board(small_kernel: Path) -> Iterator[BareMetalBoard]:
    need_program("qemu-system-aarch64")
    with BareMetalBoard(image=small_kernel) as device:
        yield device


@pytest.fixture(scope="module")
def noise() -> Samples:
    generator = np.random.default_rng(7)
    return generator.integers(-20_000, 20_000, MEBIBYTE_SAMPLES).astype(np.int16)


def digest_on_host(pcm: Samples, model_path: str) -> str:
    agent = need_build("host", "percepnet_agent")
    with HostDevice(agent=agent, model=Path(model_path)) as host:
        host.configure(Settings(kernel="scalar"))
        return host.run(pcm).digest


@contextmanager
def switched_on(command: list[str], line: str) -> Iterator[SerialDevice]:
    """A board with its serial line at the terminal *line* or, for "", at one of QEMU's."""
    with (
        QemuMachine(command, "a board") as machine,
        SerialDevice(SerialAddress(line or machine.serial_paths[0])) as device,
    ):
        yield device


def test_it_tells_what_it_is(board: BareMetalBoard, small_kernel: Path) -> None:
    identity = board.identify()
    assert (identity.cpu_name, identity.cpu_arch) == ("Cortex-A53", "aarch64")
    assert identity.kernels_available == ("scalar", "neon")
    assert identity.platform == "bare-metal"
    assert identity.build_id == images.build_id(small_kernel.read_bytes())
    assert identity.has_counters and identity.can_flash and identity.can_pace
    assert identity.capacity_frames > 20_000


@pytest.mark.parametrize("kernel", ["scalar", "neon"])
def test_it_gives_the_bits_of_the_host(
    board: BareMetalBoard, noise: Samples, model_path: str, kernel: str
) -> None:
    board.configure(Settings(kernel=kernel))
    assert board.run(noise[:SECOND]).digest == digest_on_host(noise[:SECOND], model_path)


def test_its_counters_are_exact_and_steady(board: BareMetalBoard, noise: Samples) -> None:
    board.configure(Settings(stage_counters=True))
    first, second = (board.run(noise[: 2 * SECOND]) for _ in range(2))
    assert first.call_counts is not None and second.call_counts is not None
    one, other = (run.call_counts[:, 0].astype(np.int64) for run in (first, second))
    assert np.abs(one - other).max() <= 1  # counts of one instruction may fall to either side
    counts = board_counts(first, 50)
    assert counts.distribution.p99 <= 1.05 * counts.distribution.p50
    assert sum(counts.stages.values()) == pytest.approx(counts.per_frame, rel=0.01)


def test_paced_frames_meet_their_deadlines_and_leave_the_core_asleep(
    small_kernel: Path, noise: Samples
) -> None:
    command = machine_command(small_kernel)
    command[command.index("shift=0")] += ",sleep=off"  # sleep takes the board's time, not ours
    with switched_on(command, "") as device:
        run = device.run(noise[: SECOND // 2], pace_ms=10)
    assert run.deadline_misses == 0
    assert 480e6 <= run.wall_ns <= 520e6  # 50 frames, the first at once
    assert run.cpu_ns is not None and run.cpu_ns < 0.5 * run.wall_ns


def test_one_image_runs_on_every_board_that_this_qemu_has(
    small_kernel: Path, noise: Samples, model_path: str
) -> None:
    cpus = {"raspi3b": "Cortex-A53", "raspi4b": "Cortex-A72"}
    pcm = noise[:SECOND]
    for name in filter(qemu_has, BARE_BOARDS):
        with BareMetalBoard(name, image=small_kernel) as device:
            assert device.identify().cpu_name == cpus[name]
            assert device.run(pcm).digest == digest_on_host(pcm, model_path)
            assert device.run(pcm[:480], pace_ms=10).deadline_misses == 0


def test_live_hops_come_back(board: BareMetalBoard, noise: Samples) -> None:
    board.configure(Settings())
    assert [len(board.stream(noise[:n]).pcm) for n in (480, 960)] == [480, 960]


def test_another_model_than_the_built_in_one_is_refused(small_kernel: Path) -> None:
    other = Path("models/percepnet/percepnet.pnm")
    with pytest.raises(DataError, match=r"holds model .* build with --option PN_MODEL_IMAGE"):
        BareMetalBoard(image=small_kernel, model=other)


def test_the_mini_uart_serves_when_the_command_line_says_so(
    small_kernel: Path, tmp_path: Path
) -> None:
    device_tree = tmp_path / "board.dtb"
    device_tree.write_bytes(tree(b"percepnet.uart=mini percepnet.baud=921600"))
    pl011 = machine_command(small_kernel)
    command = [*pl011[:-2], "-dtb", str(device_tree), "-serial", "null", "-serial", "pty"]
    command += ["-append", "percepnet.uart=mini percepnet.baud=921600"]
    with switched_on(command, "") as device:
        assert device.identify().platform == "bare-metal"


def test_a_mebibyte_each_way_over_a_faulty_slow_line_arrives_whole(
    small_kernel: Path, noise: Samples, model_path: str
) -> None:
    proxy = SerialProxy(rate=0.01, baud=3_000_000)
    try:
        command = [*machine_command(small_kernel)[:-1], proxy.device_path]
        with switched_on(command, proxy.host_path) as device:
            assert device.run(noise).digest == digest_on_host(noise, model_path)
            assert device._session.resent > 0
    finally:
        proxy.close()
    assert proxy.to_device.hit > 0 and proxy.to_host.hit > 0
    assert proxy.to_device.sent > 1 << 20 and proxy.to_host.sent > 1 << 20


def test_a_new_program_takes_the_place_of_the_old_one(
    small_kernel: Path, noise: Samples, model_path: str
) -> None:
    first = images.program(small_kernel)
    other = images.with_other_build_id(first)
    expected = digest_on_host(noise[:SECOND], model_path)
    with BareMetalBoard(image=small_kernel) as device:
        written = device.flash(other)
        assert 0 < written.sent_bytes <= 4096 < written.program_bytes  # only what differs
        assert device.identify().build_id == images.build_id(other)
        assert device.run(noise[:SECOND]).digest == expected
        device.flash(first)  # and back: the new program takes programs, too
        assert device.identify().build_id == images.build_id(first)
        assert device.run(noise[:SECOND]).digest == expected


def test_a_program_that_cannot_run_leaves_the_old_one(board: Device, small_kernel: Path) -> None:
    assert isinstance(board, BareMetalBoard)
    good = images.program(small_kernel)
    for bad, why in (
        (images.with_other_machine(good), "an image for another machine"),
        (good[: len(good) // 2], "cut short"),
        (b"\x7fELF" + bytes(5000), "it begins otherwise"),
        (bytes(31 << 20), "the device takes 31457280"),
    ):
        with pytest.raises(DeviceError, match=why):
            write_program(board._session, bad)
    assert board.run(np.zeros(480, np.int16)).frames == 1
    assert board.identify().build_id == images.build_id(good)


def test_a_program_damaged_in_memory_is_not_started(board: Device, small_kernel: Path) -> None:
    assert isinstance(board, BareMetalBoard)
    session, good = board._session, images.program(small_kernel)
    session.request(Command.FLASH_BEGIN, msg.flash_begin_payload(len(good), 12345))
    with pytest.raises(ToolError, match="image differs"):
        session.request(Command.FLASH_COMMIT)
    assert board.run(np.zeros(480, np.int16)).frames == 1

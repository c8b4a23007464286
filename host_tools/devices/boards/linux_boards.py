# SPDX-License-Identifier: Apache-2.0
"""``board:raspi3b-linux`` and its like: a whole emulated board with Debian's kernel.

The agent is what the board runs from boot on, at its serial line, as it would on a real board.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import ProbeResult
from host_tools.devices.binaries import AGENT_NAME, agent_path, find_agent
from host_tools.devices.boards.board_line import BAUD, KIND, UP, BoardLine
from host_tools.devices.boards.debian_kernels import ARM64, ARMHF, FileSet, fetched
from host_tools.devices.boards.initramfs import BoardSystem, build_archive
from host_tools.devices.boards.machine import QemuMachine, missing_text, require_program
from host_tools.errors import DeviceError, UsageError
from host_tools.protocol.session import Timing

TIMING = Timing(start_s=20.0, answer_s=20.0, tries=3)
_HOLD_LINE = '(stty raw -echo && echo "{up}" && exec sleep 2147483647) <>/dev/{terminal} >&0 &'
"""QEMU's UART goes deaf when its buffer is full at the moment in which Linux opens it: so it is
opened once, before anybody sends, and stays open."""
_PANIC_ENDS_QEMU = "panic=1"  # a second later: its words are read meanwhile
_FIRST_FREE_DESCRIPTOR = 10
"""Shells use those below for themselves."""


@dataclass(frozen=True)
class LinuxBoard:
    """A board that QEMU emulates and Debian's kernel supports.

    ``machine`` are the options that make it. ``terminal`` is the board's name for its serial line,
    ``line`` which ``-serial`` of QEMU that is. ``target`` is the agent's build. A board that QEMU
    does not describe to Linux itself ``has_dtb``, a file that does. ``can_ssh``: it has a network.
    """

    program: str
    machine: tuple[str, ...]
    files: FileSet
    target: str
    terminal: str
    line: int
    has_dtb: bool
    can_ssh: bool
    modules: tuple[str, ...]
    what: str


LINUX_BOARDS: Mapping[str, LinuxBoard] = {
    "raspi3b-linux": LinuxBoard(
        "qemu-system-aarch64",
        ("-M", "raspi3b"),
        ARM64,
        "rpi-aarch64",
        "ttyS1",  # the mini-UART; the device tree gives the other one to Bluetooth
        1,
        True,
        False,
        ("bcm2835_thermal",),
        "Raspberry Pi 3 Model B, 4 Cortex-A53, 64-bit Linux",
    ),
    "raspi2b-linux": LinuxBoard(
        "qemu-system-arm",
        ("-M", "raspi2b"),
        ARMHF,
        "rpi-armv7",
        "ttyAMA0",
        0,
        True,
        False,
        ("bcm2835_thermal",),
        "Raspberry Pi 2 Model B, 4 Cortex-A7, 32-bit Linux",
    ),
    "virt-cortex-a72": LinuxBoard(
        "qemu-system-aarch64",
        ("-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "512"),
        ARM64,
        "rpi-aarch64",
        "ttyAMA0",
        0,
        False,
        True,
        (),
        "QEMU's own board, 2 Cortex-A72, 64-bit Linux",
    ),
}


@dataclass(frozen=True)
class Extras:
    """What is added to a board: network and ssh. ``options`` go to QEMU, the rest into Linux."""

    options: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    files: Mapping[str, Path] | None = None
    texts: Mapping[str, str] | None = None


def find_board(name: str) -> LinuxBoard:
    """The entry of LINUX_BOARDS. Raises UsageError with the list of those that exist."""
    if name not in LINUX_BOARDS:
        known = ", ".join(f"{KIND}:{board}" for board in LINUX_BOARDS)
        raise UsageError(f"no Linux board '{name}'; available: {known}")
    return LINUX_BOARDS[name]


def boot(
    name: str, *, model: Path | None = None, extras: Extras | None = None
) -> tuple[QemuMachine, BoardLine]:
    """Start a board and wait until its agent serves; its machine and the line, which owns it.

    *model* is an image to use instead of the one in the agent.
    Raises MissingDependency or DeviceError.
    """
    machine = _switch_on(name, model, extras or Extras())
    try:
        line = BoardLine(f"{KIND}:{name}", machine)
        line.wait_until_up()
    except BaseException:
        machine.close()
        raise
    return machine, line


def _switch_on(name: str, model: Path | None, more: Extras) -> QemuMachine:
    board, device = find_board(name), f"{KIND}:{name}"
    require_program(board.program, device)  # before anything is fetched
    agent = find_agent(board.target, device)
    folder = fetched(board.files, device)
    options = "" if model is None else " --model /model.pnm"
    serve = f"/{AGENT_NAME} --tty /dev/{board.terminal},{BAUD}{options} 2>/dev/kmsg"
    system = BoardSystem(
        busybox=folder / "busybox",
        modules=[folder / "modules" / f"{m}.ko" for m in (*board.modules, *more.modules)],
        commands=(*more.commands, _HOLD_LINE.format(terminal=board.terminal, up=UP)),
        services=(serve, *more.services),
        files={AGENT_NAME: agent, **({} if model is None else {"model.pnm": model})},
    )
    system.files.update(more.files or {})
    system.texts.update(more.texts or {})
    archive = _nameless_file(system, device)
    try:
        command = _command(board, folder, f"/dev/fd/{archive}", more.options)
        return QemuMachine(command, device, files=[archive])
    finally:
        os.close(archive)


def _nameless_file(system: BoardSystem, device: str) -> int:
    """A descriptor of the system's archive, which nothing has to delete."""
    import fcntl  # not there on Windows, where all else can be imported

    try:
        with tempfile.TemporaryFile() as archive:
            archive.write(build_archive(system))
            archive.flush()
            return fcntl.fcntl(archive, fcntl.F_DUPFD, _FIRST_FREE_DESCRIPTOR)
    except OSError as error:
        where = error.filename or tempfile.gettempdir()
        raise DeviceError(f"{device}: cannot make its Linux: {where}: {error.strerror}") from error


def _command(board: LinuxBoard, folder: Path, archive: str, options: Sequence[str]) -> list[str]:
    network = options or (("-nic", "none") if board.can_ssh else ())
    lines = [("-serial", "pty" if i == board.line else "null") for i in range(board.line + 1)]
    kernel = f"console={board.terminal},{BAUD} quiet loglevel=1 {_PANIC_ENDS_QEMU}"
    command = [board.program, *board.machine, "-kernel", str(folder / "vmlinuz")]
    command += ["-dtb", str(folder / "board.dtb")] if board.has_dtb else []
    command += ["-initrd", archive, "-append", kernel, *network]
    return [*command, *(word for line in lines for word in line)]


class LinuxBoardDevice(AgentDevice):
    """The agent on an emulated board that boots for it and is switched off on close.

    *model* is an image to use instead of the one built in.
    """

    def __init__(self, name: str, *, model: Path | None = None) -> None:
        _, line = boot(name, model=model)
        super().__init__(f"{KIND}:{name}", line, TIMING)


def probe(name: str) -> ProbeResult:
    """Whether it would boot, and what it would fetch first."""
    board, device = find_board(name), f"{KIND}:{name}"
    if shutil.which(board.program) is None:
        return ProbeResult(device, False, missing_text(board.program))
    if not agent_path(board.target).is_file():
        hint = f"agent not built; try: host_tools build --target {board.target}"
        return ProbeResult(device, False, hint)
    if board.files.is_here:
        return ProbeResult(device, True, f"emulated {board.what} (no real speed)")
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return ProbeResult(device, False, "its kernel can be fetched on Debian and its kin only")
    size = board.files.download_mb
    return ProbeResult(device, True, f"kernel package will be fetched ({size} MB); {board.what}")

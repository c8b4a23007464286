# SPDX-License-Identifier: Apache-2.0
"""``board:raspi3b`` and ``raspi4b``: kernel8.img on a whole emulated board, no operating system."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import ProbeResult
from host_tools.devices.boards.board_line import KIND, BoardLine
from host_tools.devices.boards.machine import QemuMachine, missing_text
from host_tools.devices.serial_line import require_model
from host_tools.errors import DeviceError
from host_tools.generate.checkout import checkout_root
from host_tools.protocol.session import Timing

BARE_BOARDS = {
    "raspi3b": "Raspberry Pi 3 Model B, 4 Cortex-A53, no operating system",
    "raspi4b": "Raspberry Pi 4 Model B, 4 Cortex-A72, no operating system",
}
"""QEMU's name of the machine, and what it is; QEMU 7.2 lacks the second, 9.0 has it."""
TARGET = "rpi-bare-metal"
IMAGE_NAME = "kernel8.img"
TIMING = Timing(start_s=30.0, answer_s=20.0, tries=3)
_PROGRAM = "qemu-system-aarch64"
_COUNTING = ("-icount", "shift=0")
"""An instruction takes 1 ns of the board's time: counts are exact and the same every time."""


def image_path() -> Path:
    """Where ``host_tools build --target rpi-bare-metal`` puts the image, built or not."""
    return checkout_root() / "build" / TARGET / "firmware" / IMAGE_NAME


def machine_command(image: Path, name: str = "raspi3b") -> list[str]:
    """QEMU's command line for an image on a board, its PL011 at a terminal."""
    return [_PROGRAM, "-M", name, *_COUNTING, "-kernel", str(image), "-serial", "pty"]


def switch_on(name: str, image: Path | None = None) -> QemuMachine:
    """A board that starts *image* (None: the built one). Raises DeviceError, MissingDependency."""
    device = f"{KIND}:{name}"
    kernel = image or image_path()
    if not kernel.is_file():
        raise DeviceError(f"{device}: no image {kernel}; try: host_tools build --target {TARGET}")
    return QemuMachine(machine_command(kernel, name), device)


class BareMetalBoard(AgentDevice):
    """The agent on an emulated board that is switched off on close.

    *model* is what the image is expected to hold: it is built in. *image* is another than the
    built one.
    """

    def __init__(
        self, name: str = "raspi3b", *, model: Path | None = None, image: Path | None = None
    ) -> None:
        machine = switch_on(name, image)
        device = f"{KIND}:{name}"
        try:
            line = BoardLine(device, machine)
            super().__init__(device, line, TIMING)
        except BaseException:
            machine.close()
            raise
        if model is not None:
            require_model(self, str(model), f"build with --option PN_MODEL_IMAGE={model}")


def qemu_has(name: str) -> bool:
    """Whether the installed QEMU emulates this board."""
    if shutil.which(_PROGRAM) is None:
        return False
    listed = subprocess.run([_PROGRAM, "-M", "help"], capture_output=True, text=True, check=False)
    return any(line.split(" ")[0] == name for line in listed.stdout.splitlines())


def probe(name: str) -> ProbeResult:
    """Whether it would start."""
    device = f"{KIND}:{name}"
    if shutil.which(_PROGRAM) is None:
        return ProbeResult(device, False, missing_text(_PROGRAM))
    if not qemu_has(name):
        return ProbeResult(device, False, "this QEMU does not emulate it; QEMU 9 or newer does")
    if not image_path().is_file():
        hint = f"image not built; try: host_tools build --target {TARGET}"
        return ProbeResult(device, False, hint)
    return ProbeResult(device, True, f"{BARE_BOARDS[name]} (exact counts, no real speed)")

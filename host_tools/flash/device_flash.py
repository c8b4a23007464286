# SPDX-License-Identifier: Apache-2.0
"""A new program for a device whose agent answers: sent, checked there, started, recognised."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import Identity
from host_tools.devices.binaries import agent_path
from host_tools.devices.program_writer import NewProgramSilentError
from host_tools.errors import DataError, DeviceError, UsageError
from host_tools.flash.image_file import (
    BARE_METAL_TARGET,
    LINUX_TARGETS,
    ProgramImage,
    read_image,
)

Progress = Callable[[int, int], None]
"""Called with (bytes sent, bytes to send)."""


@dataclass(frozen=True)
class Flashed:
    """A program that now runs; ``skipped_bytes`` the device had already. Builds: hex digits."""

    device: str
    image: Path
    platform: str
    program_bytes: int
    sent_bytes: int
    skipped_bytes: int
    seconds: float
    old_build: str
    new_build: str

    @property
    def lines(self) -> tuple[str, ...]:
        """For people."""
        kept = (
            "until the board is switched off; for good: host_tools flash --device sd:FOLDER"
            if self.platform == "bare-metal"
            else "the old program is kept beside it, with .before at the end of its name"
        )
        return (
            f"{self.device}: build {self.new_build[:12] or 'unknown'} runs"
            f" (before: {self.old_build[:12] or 'unknown'}); {kept}",
            f"{self.sent_bytes} bytes sent, {self.skipped_bytes} were there already;"
            f" {self.seconds:.1f} s",
        )


def flash_device(
    device: AgentDevice, path: Path | None = None, progress: Progress | None = None
) -> Flashed:
    """Replace the program of *device* by that in *path* (None: the kit's build for it).

    Raises DataError (no image, or for another machine: nothing is sent), UsageError (its agent
    cannot), DeviceError (not accepted, or the new program does not answer) or ProtocolError.
    """
    before = device.identify()
    if not before.can_flash:
        raise UsageError(
            f"{device.name}: its agent cannot replace itself; put a newer one there by hand once"
        )
    image = read_image(path or default_image(before, device.name))
    check_fits(image, before, device.name)
    began = time.monotonic()
    try:
        written = device.flash(image.data, progress)
    except NewProgramSilentError as error:
        raise DeviceError(f"{error}; {_way_back(before)}") from error
    seconds = time.monotonic() - began
    after = device.identify()
    if after.build_id != image.build_id:
        old = after.build_id == before.build_id
        raise DeviceError(
            f"{device.name}: build {after.build_id[:12] or 'unknown'} answers after flashing, not "
            f"{image.build_id[:12] or 'unknown'}: the new program did not start; "
            + ("the old one runs, flash again" if old else _way_back(before))
        )
    return Flashed(
        device=device.name,
        image=image.path,
        platform=before.platform,
        program_bytes=written.program_bytes,
        sent_bytes=written.sent_bytes,
        skipped_bytes=max(written.program_bytes - written.sent_bytes, 0),
        seconds=seconds,
        old_build=before.build_id,
        new_build=after.build_id,
    )


def default_image(identity: Identity, name: str) -> Path:
    """The kit's build for a device. Raises DataError that names the build command."""
    if identity.platform == "bare-metal":
        target, path = BARE_METAL_TARGET, agent_path(BARE_METAL_TARGET).with_name("kernel8.img")
    elif identity.cpu_arch in LINUX_TARGETS:
        target = LINUX_TARGETS[identity.cpu_arch]
        path = agent_path(target)
    else:
        raise DataError(f"{name}: no build for a '{identity.cpu_arch}' CPU; give one with --image")
    if not path.is_file():
        raise DataError(f"{name}: no program at {path}; try: host_tools build --target {target}")
    return path


def check_fits(image: ProgramImage, identity: Identity, name: str) -> None:
    """DataError unless *image* is for that platform and CPU."""
    if (image.kind, image.machine) != (identity.platform, identity.cpu_arch):
        raise DataError(
            f"{image.path}: for {image.kind} on {image.machine}, but {name} is "
            f"{identity.platform or 'unknown'} on {identity.cpu_arch}; leave --image out for the "
            "kit's own build"
        )


def _way_back(identity: Identity) -> str:
    if identity.platform == "bare-metal":
        return "switch the board off and on, then the program of its SD card is back"
    return (
        "the old program is kept there, with .before at the end of its name: move it back "
        "and start it"
    )

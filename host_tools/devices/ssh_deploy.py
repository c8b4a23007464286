# SPDX-License-Identifier: Apache-2.0
"""Agent and model on another computer: sent when they differ, checked after they are written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.binaries import AGENT_NAME, find_agent
from host_tools.devices.remote_shell import RemoteShell
from host_tools.errors import DeviceError

DEFAULT_FOLDER = "$HOME/.cache/percepnet-kit"
TARGETS = {
    "aarch64": "rpi-aarch64",
    "arm64": "rpi-aarch64",
    "armv7l": "rpi-armv7",
    "armv8l": "rpi-armv7",
    "x86_64": "host",
}
"""Build target by what ``uname -m`` says."""


@dataclass(frozen=True)
class Deployed:
    """Paths on the other computer, ready for a shell, and how many files had to be sent."""

    target: str
    agent: str
    model: str | None
    sent: int


def choose_target(shell: RemoteShell) -> str:
    """The build for that computer. Raises DeviceError for one without a build.

    A 64-bit kernel may run 32-bit programs only (32-bit Raspberry Pi OS): the size of long tells.
    """
    machine, _, bits = shell.run("uname -m; getconf LONG_BIT 2>/dev/null || echo").partition("\n")
    if machine in ("aarch64", "arm64") and bits.strip() == "32":
        machine = "armv8l"
    if machine not in TARGETS:
        raise DeviceError(
            f"{shell.name}: no agent for a '{machine}' computer; there are builds for "
            + ", ".join(sorted(TARGETS))
        )
    return TARGETS[machine]


def deploy(shell: RemoteShell, folder: str | None, model: Path | None) -> Deployed:
    """Put the agent and, if given, a model image into a folder there (None: in the home folder).

    Raises DeviceError: no build for it, no room, not writable, damaged on the way.
    """
    place = folder or DEFAULT_FOLDER
    target = choose_target(shell)
    wanted = [(AGENT_NAME, find_agent(target, shell.name))]
    if model is not None:
        wanted.append(("model.pnm", model))
    sent = sum(send_if_other(shell, place, name, path) for name, path in wanted)
    image = f'"{place}/model.pnm"' if model is not None else None
    return Deployed(target, f'"{place}/{AGENT_NAME}"', image, sent)


def send_if_other(shell: RemoteShell, place: str, name: str, path: Path) -> bool:
    """Send *path* as *name* into the folder *place* unless its equal is there; whether it was sent.

    The old one stays until the new one is proven. Raises DeviceError.
    """
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    file = f'"{place}/{name}"'
    if _digest(shell.run(f"sha256sum {file} 2>/dev/null || echo none")) == digest:
        return False
    part = f'"{place}/{name}.part"'
    written = shell.run(f'mkdir -p "{place}" && cat >{part} && sha256sum {part}', data)
    if _digest(written) != digest:
        raise DeviceError(f"{shell.name}: {name} arrived damaged; run again")
    shell.run(f"chmod 755 {part} && mv -f {part} {file}")
    return True


def _digest(line: str) -> str:
    return line.partition(" ")[0].lstrip("\\")

# SPDX-License-Identifier: Apache-2.0
"""Agent and model on a phone: pushed when they differ, checked after they are written."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.adb_client import AdbShell
from host_tools.devices.binaries import AGENT_NAME, find_agent
from host_tools.errors import DeviceError

FOLDER = "/data/local/tmp/percepnet-kit"
"""Where adb's user may execute programs; nothing outside it is written."""
TARGETS = {"arm64-v8a": "rpi-aarch64", "armeabi-v7a": "rpi-armv7"}
"""Build target by the phone's ABI; both are static, so they need no libraries of Android."""

_PUSH_START_S = 30.0
_PUSH_BYTES_PER_S = 100_000
_DIGESTS = {64: "sha256", 40: "sha1", 32: "md5"}
"""Android before 8 may lack sha256sum; the number of digits tells what it had."""


@dataclass(frozen=True)
class Deployed:
    """Paths on the phone and how many files had to be pushed."""

    target: str
    agent: str
    model: str | None
    sent: int


def choose_target(shell: AdbShell) -> str:
    """The build for that phone. Raises DeviceError for one without a build."""
    abi = shell.run("getprop ro.product.cpu.abi").strip()
    if abi not in TARGETS:
        raise DeviceError(
            f"{shell.name}: no agent for a '{abi}' phone; there are builds for "
            + ", ".join(sorted(TARGETS))
        )
    return TARGETS[abi]


def deploy(shell: AdbShell, model: Path | None) -> Deployed:
    """Put the agent and, if given, a model image on the phone.

    Raises DeviceError: no build for it, no room, not writable, damaged on the way, phone lost.
    """
    target = choose_target(shell)
    wanted = [(AGENT_NAME, find_agent(target, shell.name))]
    if model is not None:
        wanted.append(("model.pnm", model))
    shell.run(f"mkdir -p {FOLDER}")
    sent = sum(push_if_other(shell, name, path) for name, path in wanted)
    image = f"{FOLDER}/model.pnm" if model is not None else None
    return Deployed(target, f"{FOLDER}/{AGENT_NAME}", image, sent)


def push_if_other(shell: AdbShell, name: str, path: Path) -> bool:
    """Push *path* as *name* unless its equal is there; whether it was pushed.

    The old one stays until the new one is proven. Raises DeviceError.
    """
    data = path.read_bytes()
    file, part = f"{FOLDER}/{name}", f"{FOLDER}/{name}.part"
    if _is_equal(shell, file, data):
        return False
    try:
        shell.push(path, part, timeout_s=_PUSH_START_S + len(data) / _PUSH_BYTES_PER_S)
        if not _is_equal(shell, part, data):
            raise DeviceError(
                f"{shell.name}: {name} arrived damaged; run again, with another cable perhaps"
            )
        shell.run(f"chmod 755 {part} && mv -f {part} {file}")
    except BaseException:
        with contextlib.suppress(DeviceError):
            shell.run(f"rm -f {part}", timeout_s=5.0)
        raise
    return True


def _is_equal(shell: AdbShell, file: str, data: bytes) -> bool:
    """Whether the file there has that content. Raises DeviceError when the phone cannot tell."""
    tries = " || ".join(f"{name}sum {file} 2>/dev/null" for name in _DIGESTS.values())
    line = shell.run(f"if [ -f {file} ]; then {tries} || echo cannot; else echo none; fi")
    if line.strip() == "none":
        return False
    found = re.match(r"\\?([0-9a-f]+)\b", line)
    if found is None or len(found[1]) not in _DIGESTS:
        raise DeviceError(f"{shell.name}: the phone has no sha256sum, sha1sum or md5sum")
    return found[1] == hashlib.new(_DIGESTS[len(found[1])], data).hexdigest()

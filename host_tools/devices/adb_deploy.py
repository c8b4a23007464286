# SPDX-License-Identifier: Apache-2.0
"""Agent and model on a phone: pushed when they differ, checked after they are written."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.adb_client import AdbShell
from host_tools.devices.binaries import AGENT_NAME, find_agent, holds_model
from host_tools.errors import DeviceError

FOLDER = "/data/local/tmp/percepnet-kit"
"""Where adb's user may execute programs; nothing outside it is written."""
TARGETS = {"arm64-v8a": "rpi-aarch64", "armeabi-v7a": "rpi-armv7"}
"""Build target by the phone's ABI; both are static, so they need no libraries of Android."""

_PUSH_START_S = 30.0
_PUSH_BYTES_PER_S = 100_000
_DIGESTS = ("sha256", "sha1", "md5")
"""Best first; Android before 8 may lack sha256sum."""
_MODEL_NAME = "model.pnm"


@dataclass(frozen=True)
class Deployed:
    """Paths on the phone (``model`` None: the one built in) and how many files were pushed."""

    target: str
    agent: str
    model: str | None
    sent: int


@dataclass(frozen=True)
class Found:
    """What the phone has: its ABI, the digest that it can make, digests of files by name."""

    abi: str
    digest: str
    files: dict[str, str]


def deploy(shell: AdbShell, model: Path | None) -> Deployed:
    """Put the agent and, if given and not the one in it, a model image on the phone.

    Raises DeviceError: no build for it, no room, not writable, damaged on the way, phone lost.
    """
    there = look(shell, [AGENT_NAME] if model is None else [AGENT_NAME, _MODEL_NAME])
    target = choose_target(shell, there.abi)
    agent = find_agent(target, shell.name)
    wanted = {AGENT_NAME: agent}
    if model is not None and not holds_model(agent, model):
        wanted[_MODEL_NAME] = model
    sent = sum(push_if_other(shell, name, path, there) for name, path in wanted.items())
    image = f"{FOLDER}/{_MODEL_NAME}" if _MODEL_NAME in wanted else None
    return Deployed(target, f"{FOLDER}/{AGENT_NAME}", image, sent)


def look(shell: AdbShell, names: Sequence[str]) -> Found:
    """Make the folder and see what is there, in one command: each takes a phone its time.

    Raises DeviceError: folder cannot be made, no program for digests, phone lost.
    """
    answer = shell.run(
        f"getprop ro.product.cpu.abi && mkdir -p {FOLDER} && cd {FOLDER} || exit $?; "
        f"for d in {' '.join(_DIGESTS)} no; do ${{d}}sum /dev/null >/dev/null 2>&1 && break; done; "
        f"echo $d; for f in {' '.join(names)}; do ${{d}}sum $f 2>/dev/null || echo none; done; true"
    )
    lines = [line.strip() for line in answer.splitlines()]
    if len(lines) < 2 + len(names):
        raise DeviceError(f"{shell.name}: the phone does not tell what it is: {answer!r}")
    digest, *sums = lines[-1 - len(names) :]
    if digest not in _DIGESTS:
        raise DeviceError(f"{shell.name}: the phone has no sha256sum, sha1sum or md5sum")
    digests = [line.partition(" ")[0] for line in sums]
    return Found(lines[0], digest, dict(zip(names, digests, strict=True)))


def choose_target(shell: AdbShell, abi: str) -> str:
    """The build for that phone. Raises DeviceError for one without a build."""
    if abi not in TARGETS:
        raise DeviceError(
            f"{shell.name}: no agent for a '{abi}' phone; there are builds for "
            + ", ".join(sorted(TARGETS))
        )
    return TARGETS[abi]


def push_if_other(shell: AdbShell, name: str, path: Path, there: Found) -> bool:
    """Push *path* as *name* unless its equal is there; whether it was pushed.

    The old one stays until the new one is proven. Raises DeviceError.
    """
    data = path.read_bytes()
    digest = hashlib.new(there.digest, data).hexdigest()
    if there.files[name] == digest:
        return False
    file, part = f"{FOLDER}/{name}", f"{FOLDER}/{name}.part"
    proven = f"set -- $({there.digest}sum {part}) && [ $1 = {digest} ]"
    try:
        shell.push(path, part, timeout_s=_PUSH_START_S + len(data) / _PUSH_BYTES_PER_S)
        said = shell.run(
            f"{proven} || {{ echo damaged; exit 0; }}; chmod 755 {part} && mv -f {part} {file}"
        )
        if said.endswith("damaged"):
            raise DeviceError(
                f"{shell.name}: {name} arrived damaged; run again, with another cable perhaps"
            )
    except BaseException:
        with contextlib.suppress(DeviceError):
            shell.run(f"rm -f {part}", timeout_s=5.0)
        raise
    return True

# SPDX-License-Identifier: Apache-2.0
"""Commands on another computer through the system's ssh, with the user's keys and settings."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from host_tools.errors import DeviceError, MissingDependency, UsageError

KIND = "ssh"
PACKAGE = "openssh-client"
CONNECT_S = 10
COMMAND_S = 120.0
_SSH_FAILED = 255
_EXAMPLE = "ssh:pi@raspberrypi.local"
_PLACE = re.compile(
    r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+|\[[0-9a-f:]+\])(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)


@dataclass(frozen=True)
class SshAddress:
    """Whom to call; ``host`` may be a name of the user's ssh configuration."""

    host: str
    user: str | None = None
    port: int | None = None
    folder: str | None = None
    """Absolute folder for the agent there; None: a hidden one in the home folder."""

    @classmethod
    def parse(cls, text: str) -> SshAddress:
        """Take apart ``[user@]host[:port][?folder=/DIR]``. Raises UsageError."""
        place, _, query = text.partition("?")
        found = _PLACE.fullmatch(place)
        settings = parse_qs(query, keep_blank_values=True)
        if found is None or found["host"].startswith("-"):
            raise UsageError(f"'{KIND}:{text}' is no address; write for example {_EXAMPLE}")
        if set(settings) - {"folder"}:
            raise UsageError(f"'{KIND}:{text}': only folder can be set: {_EXAMPLE}?folder=/opt")
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 0 < port < 65536:
            raise UsageError(f"'{KIND}:{text}': a port is a number from 1 to 65535")
        folder = settings["folder"][-1] if settings else None
        if folder is not None and not re.fullmatch(r"/[\w./-]+", folder, re.ASCII):
            raise UsageError(f"'{KIND}:{text}': folder is a path like /opt/percepnet")
        return cls(found["host"].strip("[]"), found["user"], port, folder)

    @property
    def name(self) -> str:
        """The device name with this address."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{KIND}:{user}{host}{port}"


def find_ssh(name: str) -> str:
    """Path of the system's ssh. Raises MissingDependency; *name* appears in its message."""
    program = shutil.which("ssh")
    if program is None:
        raise MissingDependency(
            f"{name}: ssh is not installed; on Debian: apt-get install {PACKAGE}"
        )
    return program


def ssh_version(name: str) -> str:
    """Path and version of the system's ssh. Raises MissingDependency or DeviceError."""
    program = find_ssh(name)
    try:
        done = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=CONNECT_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise DeviceError(f"{name}: {program} does not start: {error}") from error
    if done.returncode:
        raise DeviceError(f"{name}: {program} does not work; on Debian: apt-get install {PACKAGE}")
    return f"{program}, {done.stderr.partition(',')[0].strip()}"


class RemoteShell:
    """One login, shared by all commands: a password is asked for once, if at all.

    Close it, or use it as a context manager.
    """

    def __init__(self, address: SshAddress) -> None:
        self.name = address.name
        program = find_ssh(self.name)
        self._folder = tempfile.TemporaryDirectory(prefix="percepnet-ssh-")
        self._target = f"{address.user}@{address.host}" if address.user else address.host
        self._command = [program, "-T", "-o", f"ConnectTimeout={CONNECT_S}"]
        self._command += ["-o", "ControlMaster=auto", "-o", "ControlPersist=60"]
        self._command += ["-o", f"ControlPath={Path(self._folder.name) / '%C'}"]
        if address.port is not None:
            self._command += ["-p", str(address.port)]

    def command(self, script: str) -> list[str]:
        """The local command that runs a POSIX shell script there."""
        return [*self._command, "--", self._target, script]

    def run(self, script: str, data: bytes = b"") -> str:
        """Run a script with *data* as its input; its output without the last line end.

        Raises DeviceError with the last line that it or ssh complained with.
        """
        try:
            done = subprocess.run(
                self.command(script), input=data, capture_output=True, timeout=COMMAND_S
            )
        except subprocess.TimeoutExpired as error:
            raise DeviceError(
                f"{self.name}: no answer within {COMMAND_S:.0f} s; is the board still there?"
            ) from error
        if done.returncode:
            raise DeviceError(self._complaint(done.returncode, done.stderr))
        return done.stdout.decode(errors="replace").rstrip("\n")

    def close(self) -> None:
        """End the login."""
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                [*self._command, "-O", "exit", "--", self._target], capture_output=True, timeout=10
            )
        self._folder.cleanup()

    def _complaint(self, code: int, stderr: bytes) -> str:
        lines = [line.strip() for line in stderr.decode(errors="replace").splitlines()]
        said = next((line for line in reversed(lines) if line), f"exit code {code}")
        if code == _SSH_FAILED:
            return f"{self.name}: no connection: {said}; try first: ssh {self._target} true"
        return f"{self.name}: {said}"

    def __enter__(self) -> RemoteShell:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

# SPDX-License-Identifier: Apache-2.0
"""The user's own adb program: which phones there are, and commands on one of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from host_tools.devices.adb_address import KIND, AdbAddress
from host_tools.devices.adb_server import Phone, parse_phones
from host_tools.errors import DeviceError, MissingDependency, UsageError

INSTALL_TRY = "on Debian: apt-get install adb"
INSTALL_HINT = f"adb is not installed; {INSTALL_TRY}"
COMMAND_S = 30.0
CONNECT_S = 20.0
"""Also time for adb to start its server."""
SETTLE_S = 5.0
"""A phone just plugged in or connected to is offline for a moment."""

_SETTLING = ("offline", "connecting", "authorizing")
_MARK = "percepnet-exit"
_ACCEPT = (
    "unlock it and accept 'Allow USB debugging?'; if it does not ask, revoke the "
    "authorizations in its developer options and plug it in again"
)
_ADVICE = {
    "unauthorized": _ACCEPT,
    "authorizing": _ACCEPT,
    "offline": "unplug it and plug it in again, or try: adb reconnect offline",
    "no permissions": "this user may not open the USB device; on Debian: apt-get install "
    "android-sdk-platform-tools-common, join group plugdev and plug it in again",
}
_ADVICE_OTHER = "start Android on it: adb reboot"


@dataclass(frozen=True)
class Answer:
    """What a finished adb command gave; ``complaint`` is its last line about an error."""

    code: int
    output: str
    complaint: str


class AdbProgram:
    """The adb program of PATH or of the Android SDK. *name* appears in messages."""

    def __init__(self, name: str) -> None:
        path = find_adb()
        if path is None:
            raise MissingDependency(f"{name}: {INSTALL_HINT}")
        self.name = name
        self.path = path

    def run(self, *arguments: str, timeout_s: float = COMMAND_S) -> Answer:
        """Run one adb command. Raises DeviceError when it hangs or cannot be started."""
        try:
            done = subprocess.run(
                [self.path, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s,
                start_new_session=True,  # ctrl-C must not end a server that it has just started
            )
        except subprocess.TimeoutExpired as error:
            raise DeviceError(
                f"{self.name}: adb gave no answer within {timeout_s:.0f} s; is the phone still "
                "there? try: adb kill-server"
            ) from error
        except OSError as error:
            raise DeviceError(f"{self.name}: cannot start {self.path}: {error.strerror}") from error
        output = done.stdout.decode(errors="replace")
        complaint = _complaint(done.stderr.decode(errors="replace"), output)
        return Answer(done.returncode, output, complaint)

    def version(self) -> str:
        """As "29.0.6-debian"; starts no server. Raises DeviceError."""
        answer = self.run("version")
        found = re.search(r"^Version (\S+)", answer.output, re.MULTILINE)
        if answer.code or found is None:
            raise DeviceError(f"{self.name}: {self.path} is no adb that works; {INSTALL_TRY}")
        return found[1]

    def phones(self) -> list[Phone]:
        """Phones that adb sees; starts its server if none runs. Raises DeviceError."""
        answer = self.run("devices", "-l", timeout_s=CONNECT_S)
        if answer.code:
            raise DeviceError(f"{self.name}: adb devices: {answer.complaint}")
        return parse_phones(answer.output)


class AdbShell:
    """Commands on one phone. ``has_packets``: its shell tells outputs and exit codes apart."""

    def __init__(self, program: AdbProgram, serial: str) -> None:
        self.name = program.name
        self.serial = serial
        self._program = program
        features = program.run("-s", serial, "features")
        self.has_packets = "shell_v2" in features.output.split()

    def command(self, script: str) -> list[str]:
        """The local command that runs a shell script there, byte by byte in and out.

        Without packets bytes go only outwards, and both outputs are one.
        """
        way = ["shell", "-T"] if self.has_packets else ["exec-out"]
        return [self._program.path, "-s", self.serial, *way, script]

    def run(self, script: str, *, timeout_s: float = COMMAND_S) -> str:
        """Run a script; its output without the last line end.

        Raises DeviceError with the last line that it complained with, or when the phone is lost.
        """
        # The mark tells a failure there from one of the connection, and needs no shell_v2.
        marked = f"({script}\n); code=$?; echo; echo {_MARK} $code"
        answer = self._program.run(*self.command(marked)[1:], timeout_s=timeout_s)
        output, found, code = answer.output.replace("\r\n", "\n").rpartition(f"\n{_MARK} ")
        if not found:
            raise DeviceError(
                f"{self.name}: the phone was lost: {answer.complaint}; check the cable, run again"
            )
        if code.strip() != "0":
            said = answer.complaint if self.has_packets else _last_line(output)
            raise DeviceError(f"{self.name}: {said or f'exit code {code.strip()}'}")
        return output.rstrip("\n")

    def push(self, path: Path, there: str, *, timeout_s: float) -> None:
        """Copy a file there. Raises DeviceError: no room, not writable, phone lost."""
        answer = self._program.run("-s", self.serial, "push", str(path), there, timeout_s=timeout_s)
        if answer.code:
            raise DeviceError(f"{self.name}: {path.name} was not sent: {_hinted(answer.complaint)}")


def find_adb() -> str | None:
    """adb of PATH, else that of the SDK that ANDROID_HOME or ANDROID_SDK_ROOT names."""
    found = shutil.which("adb")
    for variable in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        folder = os.environ.get(variable)
        if found is None and folder:
            found = shutil.which("adb", path=str(Path(folder) / "platform-tools"))
    return found


def connect(address: AdbAddress) -> AdbShell:
    """Find the phone and make sure that it can be used.

    Raises MissingDependency, UsageError (several phones) or DeviceError (none, not usable).
    """
    program = AdbProgram(f"{KIND}:{address.serial}" if address.serial else KIND)
    said = ""
    if address.is_wireless:
        answer = program.run("connect", address.serial, timeout_s=CONNECT_S)
        said = answer.output.strip() or answer.complaint
    phone = _settled(program, address, said)
    if phone.state != "device":
        advice = _ADVICE.get(phone.state, _ADVICE_OTHER)
        raise DeviceError(f"{KIND}:{phone.serial}: the phone is in state '{phone.state}': {advice}")
    program.name = address.name(phone.serial)
    return AdbShell(program, phone.serial)


def _settled(program: AdbProgram, address: AdbAddress, said: str) -> Phone:
    """The phone, after some patience with one that is still connecting."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        phone = choose(program.phones(), address.serial, said)
        if phone.state not in _SETTLING or time.monotonic() > deadline:
            return phone
        time.sleep(0.25)


def choose(phones: list[Phone], serial: str, said: str = "") -> Phone:
    """The phone with that serial, or the only one.

    *said* is what ``adb connect`` answered. Raises UsageError or DeviceError.
    """
    here = ", ".join(str(phone) for phone in phones) or "none"
    if serial:
        wanted = [phone for phone in phones if phone.serial == serial]
        # some makers give all phones one serial; their place on the bus differs
        wanted += [replace(phone, serial=serial) for phone in phones if phone.place == serial]
        if not wanted and said:
            raise DeviceError(f"{KIND}:{serial}: {said}; is wireless debugging on there?")
        if not wanted:
            raise DeviceError(
                f"{KIND}:{serial}: no such phone; attached: {here}; check the cable and that USB "
                "debugging is on"
            )
        return wanted[0]
    if not phones:
        raise DeviceError(
            f"{KIND}: no phone is attached; plug one in and turn USB debugging on in its developer "
            "options, see: adb devices"
        )
    if len(phones) > 1:
        raise UsageError(f"{KIND}: several phones are attached, name one: {here}")
    return phones[0]


def _complaint(errors: str, output: str) -> str:
    """The line that says what went wrong: adb puts some on the standard output."""
    marked = [line for line in (errors + output).splitlines() if "error:" in line]
    text = marked[0] if marked else _last_line(errors)
    return re.sub(r"^(adb: )?(error: )?", "", text.strip())


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _hinted(complaint: str) -> str:
    """A complaint of ``adb push`` with what to try."""
    reason = complaint.rpartition(": remote ")[2]
    if "No space left" in reason:
        return f"{reason}; free some of the phone's storage"
    if "Read-only" in reason or "denied" in reason:
        return f"{reason}; see: adb shell ls -la /data/local/tmp"
    return reason

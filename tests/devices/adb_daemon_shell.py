# SPDX-License-Identifier: Apache-2.0
"""Commands on the phone of adb_daemon.py: a real shell here, in a sandbox that looks like Android.

mksh and toybox, which Android has, are used where they are installed.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import struct
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from tests.devices.adb_daemon import Stream

STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = range(5)
TEMPORARY = "/data/local/tmp"
CPUS = "/sys/devices/system/cpu"
SUPPLIES = "/sys/class/power_supply"
KHZ = (1_800_000, 2_800_000)
"""Highest clocks of the phone's two clusters, one core each."""

_TOYS = ("cat", "chmod", "echo", "grep", "kill", "mkdir", "mv", "rm", "sha256sum", "taskset")
_QEMU = {"arm64-v8a": "qemu-aarch64", "armeabi-v7a": "qemu-arm"}
_PIECE_BYTES = 32_768


@dataclass(frozen=True)
class Sandbox:
    """Folders that stand for the phone's; ``programs`` comes first on its PATH."""

    temporary: Path
    cpus: Path
    supplies: Path
    programs: Path

    @classmethod
    def make(cls, folder: Path, abi: str) -> Sandbox:
        made = cls(folder / "tmp", folder / "cpu", folder / "supplies", folder / "bin")
        for place in (made.temporary, made.cpus, made.supplies, made.programs):
            place.mkdir(parents=True, exist_ok=True)
        toybox = shutil.which("toybox")
        for toy in _TOYS if toybox else ():
            (made.programs / toy).symlink_to(str(toybox))
        made.put("getprop", f"[ $1 = ro.product.cpu.abi ] && echo {abi}; true")
        made.put("arm", f'exec {_QEMU.get(abi, "false")} "$@"')
        (made.cpus / "online").write_text("0-1\n")
        for core, khz in enumerate(KHZ):
            policy = made.cpus / "cpufreq" / f"policy{core}"
            policy.mkdir(parents=True)
            (policy / "related_cpus").write_text(f"{core}\n")
            (policy / "cpuinfo_max_freq").write_text(f"{khz}\n")
        return made

    def put(self, name: str, text: str) -> None:
        """Add or replace a program of the phone: a shell script."""
        (self.programs / name).unlink(missing_ok=True)
        (self.programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.programs / name).chmod(0o755)

    def inside(self, path: str) -> str:
        """The phone's path or command with the sandbox's folders."""
        path = path.replace(SUPPLIES, str(self.supplies))
        return path.replace(TEMPORARY, str(self.temporary)).replace(CPUS, str(self.cpus))

    def start(self, command: str, *, merged: bool) -> subprocess.Popen[bytes]:
        """Run a command; what it executes in its own place is an ARM program."""
        script = re.sub(r"(exec (?:taskset \S+ )?)", r"\1arm ", self.inside(command))
        return subprocess.Popen(
            [shutil.which("mksh") or "sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            env={"PATH": f"{self.programs}:/usr/bin:/bin"},
            bufsize=0,
        )


def serve(stream: Stream, service: str, sandbox: Sandbox) -> None:
    """Serve ``shell,v2...:``, ``shell:`` and ``exec:`` (raw bytes, both outputs in one)."""
    kind, _, command = service.partition(":")
    with_packets = kind.startswith("shell,") and "v2" in kind.split(",")
    if kind not in ("shell", "exec") and not with_packets:
        return
    process = sandbox.start(command, merged=not with_packets)
    threading.Thread(target=_feed, args=(stream, process, with_packets), daemon=True).start()
    outputs = [(STDOUT, process.stdout), (STDERR, process.stderr)]
    # what the legacy shell's terminal does to line ends
    mangled = kind == "shell"
    readers = [
        threading.Thread(target=_carry, args=(stream, pipe, number, with_packets, mangled))
        for number, pipe in outputs
        if pipe is not None
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    code = process.wait()
    if with_packets:
        stream.send(_packet(EXIT, bytes([code if code >= 0 else 128 - code])))


def _packet(number: int, data: bytes) -> bytes:
    return struct.pack("<BI", number, len(data)) + data


def _carry(stream: Stream, pipe: IO[bytes], number: int, with_packets: bool, mangled: bool) -> None:
    with contextlib.suppress(OSError), pipe:
        while data := pipe.read(_PIECE_BYTES):
            if mangled:
                data = data.replace(b"\n", b"\r\n")
            stream.send(_packet(number, data) if with_packets else data)


def _feed(stream: Stream, process: subprocess.Popen[bytes], with_packets: bool) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError), process.stdin as pipe:
        waiting = b""
        while data := stream.receive():
            if not with_packets:
                _write_all(pipe, data)
                continue
            waiting += data
            while len(waiting) >= 5:
                number, size = struct.unpack_from("<BI", waiting)
                if len(waiting) < 5 + size:
                    break
                content, waiting = waiting[5 : 5 + size], waiting[5 + size :]
                if number == STDIN:
                    _write_all(pipe, content)
                elif number == CLOSE_STDIN:
                    pipe.close()


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]

# SPDX-License-Identifier: Apache-2.0
"""A Linux in memory for an emulated board: busybox, kernel modules and the agent, nothing else.

The archive is a cpio of the kind "newc", which the kernel unpacks as its first file system.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MAGIC = "070701"
_END = "TRAILER!!!"
_ALIGNMENT = 4
_INIT_SCRIPT = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mkdir -p /dev/pts
/bin/busybox mount -t devpts pts /dev/pts
/bin/busybox --install -s /bin
exec </dev/null >/dev/kmsg 2>&1
{commands}
"""


@dataclass(frozen=True)
class Entry:
    """A file of the archive; ``device`` is (major, minor) of a device file."""

    path: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


@dataclass
class BoardSystem:
    """What the board is to do.

    ``modules`` are loaded in this order, ``commands`` are lines of a shell script run after that,
    ``services`` are commands that are started again whenever they end. ``files`` are those of this
    computer by their path there; programs keep their permissions.
    """

    busybox: Path
    modules: Sequence[Path] = ()
    commands: Sequence[str] = ()
    services: Sequence[str] = ()
    files: dict[str, Path] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def build_archive(system: BoardSystem) -> bytes:
    """The archive of a system. Raises OSError when one of its files cannot be read."""
    modules = {f"modules/{path.name}": path for path in system.modules}
    lines = [f"insmod /{name}" for name in modules]
    script = _INIT_SCRIPT.format(commands="\n".join([*lines, *system.commands]))
    # on "null" so that starting one never touches the settings of another's terminal
    table = ["::sysinit:/etc/start", *(f"null::respawn:{service}" for service in system.services)]
    entries = [
        Entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1)),
        Entry("init", stat.S_IFLNK | 0o777, b"/bin/busybox"),
        Entry("bin/sh", stat.S_IFLNK | 0o777, b"busybox"),
        Entry("bin/busybox", stat.S_IFREG | 0o755, system.busybox.read_bytes()),
        Entry("etc/start", stat.S_IFREG | 0o755, script.encode()),
        Entry("etc/inittab", stat.S_IFREG | 0o644, "\n".join([*table, ""]).encode()),
    ]
    for name, path in {**modules, **system.files}.items():
        entries.append(Entry(name, stat.S_IFREG | 0o755, path.read_bytes()))
    for name, text in system.texts.items():
        entries.append(Entry(name, stat.S_IFREG | 0o600, text.encode()))
    return cpio([*_folders(entries), *entries])


def cpio(entries: Iterable[Entry]) -> bytes:
    """An archive of the kind newc, owned by root and without times, so equal input gives equal."""
    parts = [_record(number, entry) for number, entry in enumerate(entries, start=1)]
    return b"".join([*parts, _record(0, Entry(_END, 0))])


def _record(number: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    major, minor = entry.device
    fields = (number, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, major, minor, len(name), 0)
    header = _MAGIC + "".join(f"{value:08X}" for value in fields)
    return _padded(header.encode() + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)


def _folders(entries: Iterable[Entry]) -> list[Entry]:
    """All folders above the entries, outer ones first."""
    names = {str(parent) for entry in entries for parent in Path(entry.path).parents}
    return [Entry(name, stat.S_IFDIR | 0o755) for name in sorted(names - {"."})]

# SPDX-License-Identifier: Apache-2.0
"""The instruction-counting QEMU plugin: compiled once for this machine, kept in the cache."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from host_tools.errors import MissingDependency

SOURCE_FOLDER = Path(__file__).parent / "qemu_plugin"
FLAGS = ("-std=c11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra")
MAX_QEMU_MAJOR = 8
"""QEMU 9 dropped version 1 of the plugin interface, which the plugin speaks."""

OVERHEAD_PREFIXES = ("pn_agent_", "clock_gettime", "__clock_gettime")
"""Functions of the measuring program, no part of the library's work."""


def compiler() -> str:
    """Path of the host's C compiler. Raises MissingDependency when there is none."""
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang", "clang-19"):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise MissingDependency(
        "no C compiler found to build the instruction counter; try: apt-get install gcc"
    )


def build_plugin(cache: Path | None = None) -> Path:
    """Path of the compiled plugin; compiles it when its source or compiler is new.

    ``cache`` is the folder to keep it in (default: the user's cache). Raises MissingDependency
    when there is no compiler or it fails.
    """
    sources = sorted(SOURCE_FOLDER.glob("*.[ch]"))
    return compiled("stage_count", sources, FLAGS, "the instruction counter", cache, suffix=".so")


def compiled(
    stem: str,
    sources: Sequence[Path],
    flags: Sequence[str],
    what: str,
    cache: Path | None = None,
    suffix: str = "",
) -> Path:
    """Path of a program of this kit for the host, compiled when its text is new.

    ``sources`` are .c and .h files; ``what`` names the program in messages. Raises as build_plugin.
    """
    cc = compiler()
    digest = hashlib.sha256(" ".join((cc, *flags)).encode())
    for source in sources:
        digest.update(source.read_bytes())
    folder = cache or Path(platformdirs.user_cache_dir("percepnet-kit"))
    target = folder / f"{stem}-{digest.hexdigest()[:16]}{suffix}"
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=suffix, dir=folder)
    os.close(handle)
    try:
        command = [cc, *flags, *(str(s) for s in sources if s.suffix == ".c"), "-o", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip() or "no message").splitlines()[0]
            raise MissingDependency(f"{cc} cannot compile {what}: {reason}")
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
    return target


def plugin_arguments(
    out: Path, *, warmup: int, overhead: Sequence[str] = OVERHEAD_PREFIXES
) -> tuple[str, ...]:
    """Arguments of the plugin for counting into the file ``out``.

    ``warmup`` is the number of first frame marks to leave out of the sums.
    """
    # QEMU splits its option at commas; two of them stand for one.
    path = str(out).replace(",", ",,")
    return (f"out={path}", f"warmup={warmup}", *(f"overhead={prefix}" for prefix in overhead))


def check_qemu(program: str) -> str:
    """Version of an installed QEMU that can load the plugin, for example "7.2.22".

    Raises MissingDependency when it is absent, too new, or built without plugins.
    """
    path = shutil.which(program)
    if path is None:
        raise MissingDependency(f"{program} is not installed; try: apt-get install qemu-user")
    help_text = _output(path, "--help")
    version = re.search(r"version (\d+)([.\d]*)", _output(path, "--version"))
    if version is None:
        raise MissingDependency(f"{path} does not state its version; is it QEMU?")
    if "-plugin" not in help_text:
        raise MissingDependency(
            f"{path} takes no plugins; counting needs a dynamically linked QEMU 4.2 to 8.2, "
            "such as Debian 12's; try: apt-get install qemu-user"
        )
    if int(version[1]) > MAX_QEMU_MAJOR:
        raise MissingDependency(
            f"{path} is version {version[1]}{version[2]}; counting needs QEMU 4.2 to 8.2, "
            "such as Debian 12's qemu-user"
        )
    return version[1] + version[2]


def _output(program: str, option: str) -> str:
    done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr

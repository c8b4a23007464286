# SPDX-License-Identifier: Apache-2.0
"""Runs CMake for a target and collects what it made."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.build.targets import Target, find_target
from host_tools.errors import DataError, MissingDependency, ToolError
from host_tools.generate.checkout import checkout_root

_PRODUCTS = (
    "kernel8.img",
    "libpercepnet.a",
    "libpercepnet.so",
    "libpercepnet_lab.so",
    "percepnet_agent",
    "percepnet_denoise",
    "percepnet_ladspa.so",
)


@dataclass(frozen=True)
class BuildResult:
    """Files of one build, by name, in ``directory``."""

    target: str
    directory: Path
    files: tuple[Path, ...]


def check_commands(target: Target, which: Callable[[str], str | None] = shutil.which) -> None:
    """MissingDependency with the line that installs what *target* needs and is not on PATH."""
    missing = [c for c in target.commands if not any(which(name) for name in c.names)]
    if not missing:
        return
    names = ", ".join(command.names[0] for command in missing)
    packages = " ".join(p for command in missing for p in command.debian_packages)
    raise MissingDependency(
        f"building for {target.name} needs {names}; on Debian: "
        f"apt-get install -y --no-install-recommends {packages}"
    )


def build(target_name: str, output: Path | None = None, options: Sequence[str] = ()) -> BuildResult:
    """Build library, agent and programs for *target_name* (see TARGET_NAMES).

    *output*: folder to install into (bin, lib, include, or kernel8.img alone); None leaves all in build/.
    *options*: further CMake settings, each ``NAME=VALUE``.
    Raises UsageError (target), MissingDependency (compiler), ToolError (build failed).
    """
    target = find_target(target_name)
    root = checkout_root()
    check_commands(target)
    if output is not None and output.exists() and not output.is_dir():
        raise DataError(f"{output}: is a file; --output takes a folder")
    settings = [f"-D{option}" for option in options]
    run_step(["cmake", "--preset", target.preset, *settings], root)
    run_step(["cmake", "--build", "--preset", target.preset], root)
    made = root / "build" / target.preset / "firmware"
    if output is None:
        return BuildResult(target.name, made, _existing(made, _PRODUCTS))
    output = output.resolve()
    run_step(["cmake", "--install", str(made.parent), "--prefix", str(output)], root)
    manifest = made.parent / "install_manifest.txt"
    installed = tuple(Path(line) for line in manifest.read_text().splitlines())
    return BuildResult(target.name, output, installed)


def _existing(folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    return tuple(folder / name for name in names if (folder / name).exists())


def run_step(command: Sequence[str], directory: Path) -> None:
    """Run a build step silently; on failure show the first error line it printed."""
    done = subprocess.run(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode == 0:
        return
    what = _first_error(done.stdout) or f"exit code {done.returncode}"
    raise ToolError(f"'{' '.join(command)}' failed: {what} (run it in {directory} for the rest)")


def _first_error(output: str) -> str:
    """The first line that speaks of an error, with the next one if it ends in a colon."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for index, line in enumerate(lines):
        if "error" in line.lower():
            return " ".join(lines[index : index + 2]) if line.endswith(":") else line
    return lines[-1] if lines else ""

# SPDX-License-Identifier: Apache-2.0
"""Runs CMake for a target and collects what it made."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_tools.build.aar import write_maven_folder
from host_tools.build.elf_gate import library_findings
from host_tools.build.java_classes import find_javac
from host_tools.build.targets import Target, find_target
from host_tools.errors import DataError, MissingDependency, ToolError
from host_tools.generate.checkout import checkout_root

_ANDROID_LIBRARY = "libpercepnet.so"
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
    """Files of one build, in ``directory``; ``left_out`` says what was not built and why."""

    target: str
    directory: Path
    files: tuple[Path, ...]
    left_out: tuple[str, ...] = ()


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

    *output*: folder to install into (bin, lib, include; kernel8.img alone; jni/ABI and the AAR in
    maven/ for Android); None leaves all in build/.
    *options*: further CMake settings, each ``NAME=VALUE``.
    Raises UsageError (target), MissingDependency (compiler, JDK), ToolError (build failed),
    DataError (an Android library that some phone could not load).
    """
    target = find_target(target_name)
    root = checkout_root()
    check_commands(target)
    if output is not None and output.exists() and not output.is_dir():
        raise DataError(f"{output}: is a file; --output takes a folder")
    if output is not None and target.android_abis:
        find_javac()  # its absence is told before the long part
    settings = [f"-D{option}" for option in options]
    left_out: dict[str, None] = {}
    for preset in target.presets:
        printed = run_step(["cmake", "--preset", preset, *settings], root)
        left_out |= dict.fromkeys(re.findall(r"^-- (.* left out: .*)$", printed, re.MULTILINE))
        run_step(["cmake", "--build", "--preset", preset], root)
    made = [root / "build" / preset / target.folder for preset in target.presets]
    for folder, abi in zip(made, target.android_abis, strict=False):
        check_android_library(folder / _ANDROID_LIBRARY, abi)
    if output is None:
        files = tuple(file for folder in made for file in _existing(folder, _PRODUCTS))
        directory = made[0] if len(made) == 1 else root / "build"
        return BuildResult(target.name, directory, files, tuple(left_out))
    output = output.resolve()
    files = tuple(file for folder in made for file in _install(folder.parent, output, root))
    if target.android_abis:
        libraries = dict(zip(target.android_abis, files, strict=True))
        files += write_maven_folder(root, libraries, output / "maven")
    return BuildResult(target.name, output, files, tuple(left_out))


def check_android_library(library: Path, abi: str) -> None:
    """DataError with all that is wrong with a library for *abi*."""
    findings = library_findings(library, abi)
    if findings:
        raise DataError(f"{library}: may not load on {abi} phones: {'; '.join(findings)}")


def _install(build_folder: Path, output: Path, root: Path) -> tuple[Path, ...]:
    run_step(["cmake", "--install", str(build_folder), "--prefix", str(output)], root)
    manifest = build_folder / "install_manifest.txt"
    return tuple(Path(line) for line in manifest.read_text().splitlines())


def _existing(folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    return tuple(folder / name for name in names if (folder / name).exists())


def run_step(command: Sequence[str], directory: Path) -> str:
    """Run a build step and return what it printed; on failure show its first line of an error."""
    done = subprocess.run(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode == 0:
        return done.stdout
    what = _first_error(done.stdout) or f"exit code {done.returncode}"
    raise ToolError(f"'{' '.join(command)}' failed: {what} (run it in {directory} for the rest)")


def _first_error(output: str) -> str:
    """The first line that speaks of an error, with the next one if it ends in a colon."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for index, line in enumerate(lines):
        if "error" in line.lower():
            return " ".join(lines[index : index + 2]) if line.endswith(":") else line
    return lines[-1] if lines else ""

# SPDX-License-Identifier: Apache-2.0
"""The Java layer on a JVM of this machine: compiled, linked to the built library, and run."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.needs import ROOT, need, need_build, need_program

MODULE = ROOT / "android" / "percepnet" / "src" / "main"
CHECK_SOURCES = ROOT / "tests" / "android" / "java"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Werror"]
C_FLAGS = ["-std=c11", "-O2", *WARNINGS]


@dataclass
class CheckRun:
    """What a run of the Java checks printed."""

    failures: dict[str, str] = field(default_factory=dict)
    """Check -> reason, empty when it passed."""
    facts: dict[str, str] = field(default_factory=dict)
    other_lines: list[str] = field(default_factory=list)


def jni_include_flags() -> list[str]:
    """Compiler options for jni.h of the installed JDK."""
    include = Path(need_program("javac")).resolve().parents[1] / "include"
    hint = "apt-get install default-jdk-headless"
    need((include / "jni.h").exists(), f"{include} holds no jni.h ({hint})")
    return ["-isystem", str(include), "-isystem", str(include / "linux")]


def compile_java(out: Path, users: Sequence[Path]) -> None:
    """The API and sources that use it as classes for Java 8; a warning is an error."""
    sources = [*sorted(MODULE.rglob("*.java")), *users]
    options = ["--release", "8", "-Xlint:all,-options", "-Werror", "-d", str(out)]
    subprocess.run([need_program("javac"), *options, *map(str, sources)], check=True)


def link_library(folder: Path, preset: str = "host", compiler: str = "gcc") -> Path:
    """libpercepnet.so with the Java layer from the objects of a build."""
    library = folder / "libpercepnet.so"
    command = [need_program(compiler), *C_FLAGS, "-shared", "-fPIC", "-fvisibility=hidden"]
    command += [*jni_include_flags(), f"-I{ROOT}/firmware/include"]
    command += [str(MODULE / "cpp" / "percepnet_jni.c"), "-Wl,--whole-archive"]
    command += [str(need_build(preset)), "-Wl,--no-whole-archive", "-Wl,--no-undefined"]
    command += [f"-Wl,--version-script={MODULE / 'cpp' / 'percepnet.map'}", "-o", str(library)]
    subprocess.run(command, check=True)
    return library


def run_checks(classes: Path, library: Path, group: str, files: Path) -> CheckRun:
    """One group of checks on the JVM of this machine."""
    main = ["org.percepnet.AllChecks", group, str(files)]
    return run_java([need_program("java")], classes, library, main)


def run_java(
    java: Sequence[str], classes: Path, library: Path, main: Sequence[str], timeout_s: float = 600
) -> CheckRun:
    """What a class and its arguments print with *java*, under its own checks of native calls."""
    command = [*java, "-Xcheck:jni", "-ea", "-Xshare:auto", "-XX:TieredStopAtLevel=1"]
    command += ["--enable-native-access=ALL-UNNAMED"]  # else a note from JDK 24 on
    command += [f"-Djava.library.path={library.parent}", "-cp", str(classes), *main]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
    run = CheckRun()
    for line in (done.stdout + done.stderr).splitlines():
        _sort_line(line, run)
    failed = any(run.failures.values())
    if done.returncode != failed:
        run.other_lines.append(f"the JVM ended with status {done.returncode}")
    return run


def _sort_line(line: str, run: CheckRun) -> None:
    if line.startswith("ok "):
        run.failures[line.removeprefix("ok ")] = ""
    elif line.startswith("not ok "):
        name, _, reason = line.removeprefix("not ok ").partition(": ")
        run.failures[name] = reason
    elif line.startswith("fact "):
        name, _, value = line.removeprefix("fact ").rpartition(" ")
        run.facts[name] = value
    else:
        run.other_lines.append(line)

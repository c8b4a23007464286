# SPDX-License-Identifier: Apache-2.0
"""The Java API as jar files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from host_tools.build.fixed_zip import ZipEntry, zip_bytes
from host_tools.errors import MissingDependency, ToolError

_JAVA_RELEASE = "8"


def find_javac(environment: Mapping[str, str] = os.environ) -> str:
    """The Java compiler of JAVA_HOME or of PATH; MissingDependency when there is none."""
    home = environment.get("JAVA_HOME")
    places = [str(Path(home) / "bin")] if home else []
    found = shutil.which("javac", path=os.pathsep.join([*places, environment.get("PATH", "")]))
    if found is None:
        raise MissingDependency(
            "the AAR needs javac; on Debian: apt-get install -y --no-install-recommends "
            "default-jdk-headless (without --output the libraries alone are built)"
        )
    return found


def classes_jar(sources: Path) -> bytes:
    """Classes of the Java files under *sources*, for Java 8 and later.

    Raises MissingDependency (no JDK), ToolError (they do not compile).
    """
    files = sorted(sources.rglob("*.java"))
    with tempfile.TemporaryDirectory() as folder:
        options = ["--release", _JAVA_RELEASE, "-Xlint:-options", "-proc:none"]
        options += ["-encoding", "UTF-8", "-d", folder]
        command = [find_javac(), *options, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            first = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
            raise ToolError(f"javac failed: {first} (sources: {sources})")
        return _jar_of(Path(folder), "*.class")


def sources_jar(sources: Path) -> bytes:
    """The Java files under *sources*, which an IDE shows beside the classes."""
    return _jar_of(sources, "*.java")


def _jar_of(folder: Path, pattern: str) -> bytes:
    return zip_bytes(
        ZipEntry(path.relative_to(folder).as_posix(), path.read_bytes())
        for path in folder.rglob(pattern)
    )

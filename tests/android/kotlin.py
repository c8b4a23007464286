# SPDX-License-Identifier: Apache-2.0
"""The Kotlin compiler, fetched once, and stand-ins for the classes of Android."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from tests.needs import ROOT, need, need_program

VERSION = "2.4.20"
SHA512 = "IF5IVM7LpPhA/ntHQQpaVt1yxpaaQovtEVYLyqWMuaLr0XelLPPm7/sM6HLhtcRjjjoSsK7I7lP2kzYJkMy73w=="
"""Of the package, base64 as npm gives it."""
FOLDER_VARIABLE = "PERCEPNET_KOTLIN"
STUBS = ROOT / "tests" / "android" / "stubs"
STRINGS = ROOT / "android/demo/src/main/res/values/strings.xml"


def need_kotlin() -> Path:
    """Folder of the compiler: that of PERCEPNET_KOTLIN, else fetched into the user's cache."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        need((Path(given) / "bin/kotlinc").exists(), f"{FOLDER_VARIABLE}: no {given}/bin/kotlinc")
        return Path(given)
    cache = Path(platformdirs.user_cache_dir("percepnet-kit"))
    folder = cache / f"kotlin-compiler-{VERSION}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".kotlin-") as work:
            _keep(_unpacked(_fetched(Path(work)), Path(work)), folder)
    return folder


def compile_kotlin(out: Path, sources: Sequence[Path], classes: Sequence[Path]) -> None:
    """*sources* as classes in *out* that use *classes*, for Java 8; a warning is an error."""
    need_program("java")
    options = ["-Werror", "-no-reflect", "-jvm-target", "1.8", "-Xjdk-release=1.8"]
    options += ["-cp", os.pathsep.join(map(str, classes)), "-d", str(out)]
    command = [str(need_kotlin() / "bin/kotlinc"), *options, *map(str, sources)]
    quick = {**os.environ, "JAVA_OPTS": "-Xmx1g -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    done = subprocess.run(command, env=quick, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def compile_stubs(out: Path, folder: Path) -> None:
    """The stand-ins for Android as classes in *out*; their sources go below *folder*.

    A file of stubs holds a package; Java wants a file for each public class.
    """
    sources = [_written(folder, "org.percepnet.demo", _resources())]
    for stub in STUBS.glob("*.java"):
        head, *types = re.split(r"^(?=public )", stub.read_text(), flags=re.MULTILINE)
        package = re.findall(r"^package ([\w.]+);", head, re.MULTILINE)[0]
        sources += [_written(folder, package, text) for text in types]
    options = ["--release", "8", "-Xlint:-options", "-d", str(out)]
    subprocess.run([need_program("javac"), *options, *map(str, sources)], check=True)


def _written(folder: Path, package: str, text: str) -> Path:
    name = re.findall(r"(?:class|interface) (\w+)", text)[0]
    path = folder.joinpath(*package.split("."), f"{name}.java")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"package {package};\n{text}")
    return path


def _resources() -> str:
    """The class R that Gradle makes of the demo's texts."""
    names = [element.get("name") for element in ElementTree.parse(STRINGS).getroot()]
    fields = "".join(f"public static final int {n} = {i};" for i, n in enumerate(names))
    return f"public final class R {{ public static final class string {{ {fields} }} }}"


def _fetched(work: Path) -> Path:
    """The package from the registry that npm is set to, checked."""
    command = [need_program("npm"), "pack", f"kotlin-compiler@{VERSION}", "--ignore-scripts"]
    command += ["--loglevel=error", "--fetch-retries=1", f"--cache={work / 'npm'}"]
    try:
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=300)
        why = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[0]
    except subprocess.TimeoutExpired:
        why = "no answer within 300 s"
    packages = list(work.glob("*.tgz"))
    need(len(packages) == 1, f"npm pack kotlin-compiler@{VERSION}: {why}; or set {FOLDER_VARIABLE}")
    digest = base64.b64encode(hashlib.sha512(packages[0].read_bytes()).digest()).decode()
    assert digest == SHA512, f"kotlin-compiler {VERSION} is not the package known here: {digest}"
    return packages[0]


def _unpacked(package: Path, work: Path) -> Path:
    with tarfile.open(package) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4 and later
        archive.extractall(work)
    return work / "package"


def _keep(new: Path, folder: Path) -> None:
    try:
        new.rename(folder)
    except OSError:
        if not folder.exists():  # else another run was faster
            raise

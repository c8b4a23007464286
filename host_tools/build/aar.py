# SPDX-License-Identifier: Apache-2.0
"""The Android archive (AAR): Java classes, libraries of all ABIs and what C apps need, in one file.

The same sources and libraries give the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from host_tools import __version__
from host_tools.build import aar_files
from host_tools.build.aar_gate import aar_findings
from host_tools.build.fixed_zip import ZipEntry, zip_bytes
from host_tools.build.java_classes import classes_jar, sources_jar
from host_tools.errors import DataError
from host_tools.files import whole_file

_LARGEST_PAGE = 16384
_LIBRARY = "libpercepnet.so"


def write_maven_folder(root: Path, libraries: Mapping[str, Path], output: Path) -> tuple[Path, ...]:
    """Put AAR, POM and sources under *output*, a folder that Gradle takes as a Maven repository.

    *root*: the clone of the kit; *libraries*: ``libpercepnet.so`` by ABI. Returns the files made.
    Raises MissingDependency (no JDK), ToolError (the Java sources), DataError (*output*, or an AAR
    that breaks a rule of its format).
    """
    sources = root / "android/percepnet/src/main/java"
    stem = f"{aar_files.NAME}-{__version__}"
    contents = {
        f"{stem}.aar": aar_bytes(root, libraries),
        f"{stem}.pom": aar_files.pom(__version__),
        f"{stem}-sources.jar": sources_jar(sources),
    }
    folder = output.joinpath(*aar_files.GROUP.split("."), aar_files.NAME, __version__)
    _make_folder(folder)
    made: list[Path] = []
    for name, data in contents.items():
        made += _write_with_sum(folder / name, data)
    return tuple(made)


def aar_bytes(root: Path, libraries: Mapping[str, Path]) -> bytes:
    """The AAR of the kit in *root* with *libraries* by ABI.

    Raises MissingDependency (no JDK), ToolError (the Java sources), DataError (a file that cannot
    be read, or an AAR that breaks a rule of its format).
    """
    try:
        data = zip_bytes(_entries(root, libraries))
    except OSError as error:
        raise DataError(
            f"{error.filename}: {error.strerror}; build with host_tools build"
        ) from error
    findings = aar_findings(data)
    if findings:
        raise DataError(f"AAR of {root}: {'; '.join(findings)}; nothing was written")
    return data


def _entries(root: Path, libraries: Mapping[str, Path]) -> Iterator[ZipEntry]:
    module = root / "android/percepnet"
    yield ZipEntry("AndroidManifest.xml", aar_files.manifest())
    yield ZipEntry("R.txt", b"")  # asked for, though there are no resources
    yield ZipEntry("classes.jar", classes_jar(module / "src/main/java"))
    yield ZipEntry("proguard.txt", (module / "consumer-rules.pro").read_bytes())
    yield ZipEntry(aar_files.METADATA_PATH, aar_files.metadata())
    for abi, library in libraries.items():
        yield ZipEntry(f"jni/{abi}/{_LIBRARY}", library.read_bytes(), alignment=_LARGEST_PAGE)
    yield from _prefab_entries(root, libraries)


def _prefab_entries(root: Path, libraries: Mapping[str, Path]) -> Iterator[ZipEntry]:
    module = f"prefab/modules/{aar_files.NAME}"
    include = root / "firmware/include"
    yield ZipEntry("prefab/prefab.json", aar_files.prefab_package(__version__))
    yield ZipEntry(f"{module}/module.json", aar_files.prefab_module())
    for header in include.rglob("*.h"):
        name = header.relative_to(include).as_posix()
        yield ZipEntry(f"{module}/include/{name}", header.read_bytes())
    for abi, library in libraries.items():
        folder = f"{module}/libs/android.{abi}"
        yield ZipEntry(f"{folder}/abi.json", aar_files.prefab_abi(abi))
        yield ZipEntry(f"{folder}/{_LIBRARY}", library.read_bytes())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}; give another --output") from error


def _write_with_sum(path: Path, data: bytes) -> list[Path]:
    sum_path = path.with_name(f"{path.name}.sha256")
    for file, content in ((path, data), (sum_path, hashlib.sha256(data).hexdigest().encode())):
        with whole_file(file) as part:
            part.write_bytes(content)
    return [path, sum_path]

# SPDX-License-Identifier: Apache-2.0
"""Rules of the AAR format and of this kit's AAR, for the assembled file."""

from __future__ import annotations

import io
import re
import struct
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from host_tools.build.aar_files import METADATA, METADATA_PATH
from host_tools.build.elf_gate import ANDROID_ABIS, library_findings
from host_tools.build.fixed_zip import data_offset
from host_tools.build.prefab_gate import PREFAB, prefab_findings

_REQUIRED = ("AndroidManifest.xml", "classes.jar", "R.txt", "proguard.txt", METADATA_PATH)
_JNI = re.compile(r"jni/([^/]+)/libpercepnet\.so")
_PACKAGE = re.compile(r"[a-z]\w*(\.[a-z]\w*)+")
_MIN_SDK = "{http://schemas.android.com/apk/res/android}minSdkVersion"
_CLASS_MAGIC = 0xCAFEBABE
_CLASS_VERSION = 52
"""Of Java 8, the newest that needs no help on old Android."""
_LARGEST_PAGE = 16384


def aar_findings(data: bytes) -> list[str]:
    """What is wrong with the AAR *data*, a line each; empty when it may be shipped."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                return [f"{damaged} is damaged"]
            # an archive with wrong names is not opened by name
            wrong_names = list(_name_findings(archive.namelist()))
            return wrong_names or list(_findings(data, archive))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        return [f"not a readable zip archive ({error})"]


def _findings(data: bytes, archive: zipfile.ZipFile) -> Iterator[str]:
    files = {name: archive.read(name) for name in archive.namelist()}
    for name in _REQUIRED:
        if name not in files:
            yield f"{name} is missing"
    if "AndroidManifest.xml" in files:
        yield from _manifest_findings(files["AndroidManifest.xml"])
    if METADATA_PATH in files:
        yield from _metadata_findings(files[METADATA_PATH])
    if "classes.jar" in files:
        yield from _classes_findings(files["classes.jar"])
    yield from _library_set_findings(files)
    for info in archive.infolist():
        if _JNI.fullmatch(info.filename):
            yield from _storage_findings(data, info)
    for name, content in files.items():
        yield from _library_findings(name, content)
    yield from prefab_findings(files)


def _name_findings(names: list[str]) -> Iterator[str]:
    for name, count in sorted(Counter(names).items()):
        if count > 1:
            yield f"{name} is there {count} times"
        parts = name.split("/")
        if "\\" in name or "" in parts[:-1] or ".." in parts:
            yield f"{name} is no path inside an archive"
        elif not (name in _REQUIRED or name.startswith(PREFAB) or _JNI.fullmatch(name)):
            yield f"{name} does not belong in the AAR"


def _manifest_findings(text: bytes) -> Iterator[str]:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        yield f"AndroidManifest.xml is not well-formed XML ({error})"
        return
    if root.tag != "manifest":
        yield f"AndroidManifest.xml: the root is {root.tag}, not manifest"
    if not _PACKAGE.fullmatch(root.get("package", "")):
        yield f"AndroidManifest.xml: package '{root.get('package', '')}' is no name of a package"
    levels = [element.get(_MIN_SDK, "") for element in root.findall("uses-sdk")]
    if len(levels) != 1 or not levels[0].isdecimal():
        yield "AndroidManifest.xml: no uses-sdk with a number as android:minSdkVersion"


def _metadata_findings(text: bytes) -> Iterator[str]:
    lines = text.decode("ascii", "replace").splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line)
    for key in METADATA:
        if key not in pairs:
            yield f"{METADATA_PATH}: {key} is missing"
    for key in ("aarFormatVersion", "aarMetadataVersion"):
        if pairs.get(key, "1.0") != "1.0":
            yield f"{METADATA_PATH}: {key} is {pairs[key]}, not 1.0"


def _classes_findings(jar: bytes) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(jar)) as archive:
            classes = {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        yield f"classes.jar is not a readable zip archive ({error})"
        return
    if not classes:
        yield "classes.jar is empty"
    for name, code in classes.items():
        if not name.endswith(".class") or len(code) < 8:
            yield f"classes.jar: {name} is no class"
            continue
        magic, _, version = struct.unpack_from(">IHH", code)
        if magic != _CLASS_MAGIC or version > _CLASS_VERSION:
            yield f"classes.jar: {name} is no class of Java 8; compile with --release 8"


def _library_set_findings(files: dict[str, bytes]) -> Iterator[str]:
    present = {match[1] for match in map(_JNI.fullmatch, files) if match}
    wanted = {abi.name for abi in ANDROID_ABIS}
    for abi in sorted(wanted - present):
        yield f"jni/{abi}/libpercepnet.so is missing"
    for abi in sorted(present - wanted):
        yield f"jni/{abi} is of an ABI that the kit does not know"


def _storage_findings(data: bytes, info: zipfile.ZipInfo) -> Iterator[str]:
    if info.compress_type != zipfile.ZIP_STORED:
        yield f"{info.filename} is compressed; store it, so that it can be mapped"
    elif data_offset(data, info) % _LARGEST_PAGE:
        yield f"{info.filename} starts at {data_offset(data, info)}, no multiple of {_LARGEST_PAGE}"


def _library_findings(name: str, content: bytes) -> Iterator[str]:
    match = _JNI.fullmatch(name)
    if match is None or match[1] not in {abi.name for abi in ANDROID_ABIS}:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "libpercepnet.so"
        path.write_bytes(content)
        for finding in library_findings(path, match[1]):
            yield f"{name}: {finding}"
    if not _has_java_layer(content):
        yield f"{name} has no Java layer (JNI_OnLoad); install default-jdk-headless and build again"


def _has_java_layer(content: bytes) -> bool:
    try:
        table: Any = ELFFile(io.BytesIO(content)).get_section_by_name(".dynsym")
    except ELFError:
        return False
    symbols = table.iter_symbols() if table else ()
    return any(s.name == "JNI_OnLoad" and s["st_shndx"] != "SHN_UNDEF" for s in symbols)

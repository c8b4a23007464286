# SPDX-License-Identifier: Apache-2.0
"""The contents of an AAR, read and changed."""

from __future__ import annotations

import io
import zipfile

from host_tools.build.elf_gate import ANDROID_ABIS
from host_tools.build.fixed_zip import ZipEntry, zip_bytes

ABIS = [abi.name for abi in ANDROID_ABIS]
MODULE = "prefab/modules/percepnet"
METADATA = "META-INF/com/android/build/gradle/aar-metadata.properties"


def files_of(archive: bytes) -> dict[str, bytes]:
    """The files of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def repacked(aar: bytes, changes: dict[str, bytes | None], *, alignment: int = 16384) -> bytes:
    """The AAR with other contents for some files; None leaves a file out."""
    files = {**files_of(aar), **changes}
    return zip_bytes(
        ZipEntry(name, content, alignment if name.startswith("jni/") else 1)
        for name, content in files.items()
        if content is not None
    )

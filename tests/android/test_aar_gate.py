# SPDX-License-Identifier: Apache-2.0
"""An AAR that breaks a rule of its format is told so."""

from __future__ import annotations

import io
import zipfile

import pytest

from host_tools.build.aar_gate import aar_findings
from host_tools.build.fixed_zip import ZipEntry, data_offset, zip_bytes
from tests.android.aar import ABIS, METADATA, MODULE, files_of, repacked


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("R.txt", None, "R.txt is missing"),
        ("proguard.txt", None, "proguard.txt is missing"),
        ("prefab/.DS_Store", b"", "prefab/.DS_Store does not belong in a prefab package"),
        (f"{MODULE}/libs/notes", b"", "libs/notes does not belong in a prefab package"),
        ("assets/model.pnm", b"", "assets/model.pnm does not belong in the AAR"),
        ("../escape", b"", "../escape is no path inside an archive"),
        ("AndroidManifest.xml", b"<manifest>", "not well-formed XML"),
        ("AndroidManifest.xml", b"<application/>", "the root is application"),
        ("AndroidManifest.xml", b"<manifest/>", "package '' is no name of a package"),
        ("AndroidManifest.xml", b'<manifest package="a.b"/>', "no uses-sdk with a number"),
        (METADATA, b"aarFormatVersion=2.0\n", "aarFormatVersion is 2.0, not 1.0"),
        (METADATA, b"", "minCompileSdk is missing"),
        ("classes.jar", b"PK", "classes.jar is not a readable zip"),
        ("classes.jar", zip_bytes([]), "classes.jar is empty"),
        ("classes.jar", zip_bytes([ZipEntry("A.java", b"class A {}")]), "A.java is no class"),
        (
            "classes.jar",
            zip_bytes([ZipEntry("A.class", bytes.fromhex("cafebabe00000037"))]),
            "A.class is no class of Java 8",
        ),
        ("jni/x86_64/libpercepnet.so", None, "jni/x86_64/libpercepnet.so is missing"),
        ("jni/mips/libpercepnet.so", b"", "jni/mips is of an ABI that the kit does not know"),
        ("jni/x86_64/libpercepnet.so", b"text", "x86_64/libpercepnet.so: not a readable ELF"),
        ("prefab/prefab.json", None, "prefab/prefab.json is missing"),
        ("prefab/prefab.json", b"{", "prefab/prefab.json is not JSON"),
        ("prefab/prefab.json", b"[]", "prefab/prefab.json is no JSON object"),
        ("prefab/prefab.json", b'{"schema_version": 1}', "schema_version is 1, not 2"),
        ("prefab/prefab.json", b'{"version": "1.0-rc"}', 'version is "1.0-rc", not numbers'),
        (f"{MODULE}/module.json", b'{"export_libraries": null}', "export_libraries is null"),
        (f"{MODULE}/module.json", b'{"libs": 1}', "libs is not in the schema"),
        (f"{MODULE}/include/percepnet/percepnet.h", None, "include has no header"),
        (f"{MODULE}/libs/android.x86_64/abi.json", b'{"stl": "gnu"}', 'stl is "gnu", not one of'),
        (f"{MODULE}/libs/android.x86_64/libpercepnet.so", None, "libpercepnet.so is missing"),
        (f"{MODULE}/libs/android.x86_64/libpercepnet.so", b"", "is not the library that apps get"),
    ],
)
def test_a_broken_aar_is_told(aar: bytes, name: str, content: bytes | None, expected: str) -> None:
    findings = aar_findings(repacked(aar, {name: content}))
    assert [finding for finding in findings if expected in finding], findings


def test_a_sound_aar_has_no_findings(aar: bytes) -> None:
    assert aar_findings(repacked(aar, {})) == aar_findings(aar) == []


def test_the_abi_of_a_library_must_be_that_of_its_folder(aar: bytes) -> None:
    other = files_of(aar)["jni/arm64-v8a/libpercepnet.so"]
    findings = aar_findings(repacked(aar, {"jni/x86_64/libpercepnet.so": other}))
    assert any("EM_AARCH64; x86_64 is 64-bit" in finding for finding in findings)


def test_the_abi_of_a_description_must_be_that_of_its_folder(aar: bytes) -> None:
    other = files_of(aar)[f"{MODULE}/libs/android.arm64-v8a/abi.json"]
    name = f"{MODULE}/libs/android.x86_64/abi.json"
    assert aar_findings(repacked(aar, {name: other})) == [
        f"{name} is of another ABI than its folder"
    ]


def test_a_library_that_is_not_aligned_is_told(aar: bytes) -> None:
    findings = aar_findings(repacked(aar, {}, alignment=4))
    assert len(findings) == len(ABIS)
    assert all("no multiple of 16384" in finding for finding in findings)


def test_a_library_that_is_compressed_is_told(aar: bytes) -> None:
    findings = aar_findings(repacked(aar, {}, alignment=1))
    assert len(findings) == len(ABIS)
    assert all("is compressed" in finding for finding in findings)


def test_a_file_that_is_there_twice_is_told(aar: bytes) -> None:
    entries = [ZipEntry(name, content) for name, content in files_of(aar).items()]
    with pytest.warns(UserWarning, match="Duplicate name"):
        doubled = zip_bytes([*entries, ZipEntry("R.txt", b"")])
    assert aar_findings(doubled) == ["R.txt is there 2 times"]


def test_damage_is_told(aar: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(aar)) as archive:
        offset = data_offset(aar, archive.getinfo("jni/x86_64/libpercepnet.so"))
    damaged = bytearray(aar)
    damaged[offset + 100] ^= 1
    assert aar_findings(bytes(damaged)) == ["jni/x86_64/libpercepnet.so is damaged"]
    assert "not a readable zip" in aar_findings(aar[: len(aar) // 2])[0]

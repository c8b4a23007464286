# SPDX-License-Identifier: Apache-2.0
"""The AAR holds what apps need, keeps the rules of its format, and comes out the same twice."""

from __future__ import annotations

import hashlib
import io
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

from host_tools import __version__
from host_tools.build import build, builder
from host_tools.build.aar import aar_bytes, write_maven_folder
from host_tools.build.android_stubs import make_stubs
from host_tools.build.fixed_zip import data_offset
from host_tools.build.java_classes import classes_jar, find_javac
from host_tools.errors import DataError, MissingDependency, ToolError
from host_tools.measure.clip import load_clip
from tests.android.aar import ABIS, METADATA, MODULE, files_of
from tests.android.jvm import CHECK_SOURCES, link_library, run_checks
from tests.android.native import ARM64, link
from tests.library.library import random_image
from tests.needs import ROOT, need_program

CONTENTS = [
    "AndroidManifest.xml",
    METADATA,
    "R.txt",
    "classes.jar",
    *(f"jni/{abi}/libpercepnet.so" for abi in ABIS),
    f"{MODULE}/include/percepnet/percepnet.h",
    *(
        f"{MODULE}/libs/android.{abi}/{name}"
        for abi in ABIS
        for name in ("abi.json", "libpercepnet.so")
    ),
    f"{MODULE}/module.json",
    "prefab/prefab.json",
    "proguard.txt",
]


def test_the_aar_holds_classes_libraries_rules_and_what_c_apps_need(aar: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(aar)) as archive:
        assert archive.namelist() == CONTENTS


def test_the_same_inputs_give_the_same_bytes(aar: bytes, small_libraries: dict[str, Path]) -> None:
    backwards = dict(reversed(small_libraries.items()))
    assert aar_bytes(ROOT, backwards) == aar


def test_libraries_are_stored_at_multiples_of_the_largest_page(aar: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(aar)) as archive:
        libraries = [info for info in archive.infolist() if info.filename.startswith("jni/")]
    for info in libraries:
        offset = data_offset(aar, info)
        assert offset % 16384 == 0
        assert aar[offset : offset + 4] == b"\x7fELF"
        assert info.compress_size == info.file_size


def test_the_libraries_are_those_given(aar: bytes, small_libraries: dict[str, Path]) -> None:
    files = files_of(aar)
    for abi, library in small_libraries.items():
        assert files[f"jni/{abi}/libpercepnet.so"] == library.read_bytes()


def test_header_and_rules_are_those_of_the_kit(aar: bytes) -> None:
    files = files_of(aar)
    header = ROOT / "firmware/include/percepnet/percepnet.h"
    assert files[f"{MODULE}/include/percepnet/percepnet.h"] == header.read_bytes()
    assert files["proguard.txt"] == (ROOT / "android/percepnet/consumer-rules.pro").read_bytes()


def test_the_jdk_reads_the_archive(aar: bytes, tmp_path: Path) -> None:
    (tmp_path / "kit.aar").write_bytes(aar)
    command = [need_program("jar"), "--list", "--file", str(tmp_path / "kit.aar")]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert listed.splitlines() == CONTENTS


def test_classes_of_the_aar_run_on_a_jvm(aar: bytes, tmp_path: Path) -> None:
    classes, files = tmp_path / "classes", tmp_path / "files"
    files.mkdir()
    load_clip().noisy[: 480 * 200].tofile(files / "noisy.s16")
    (files / "model.pnm").write_bytes(random_image())
    with zipfile.ZipFile(io.BytesIO(files_of(aar)["classes.jar"])) as jar:
        jar.extractall(classes)
    checks = [str(path) for path in CHECK_SOURCES.rglob("*.java")]
    options = ["--release", "8", "-Xlint:-options", "-cp", str(classes), "-d", str(classes)]
    subprocess.run([need_program("javac"), *options, *checks], check=True)
    run = run_checks(classes, link_library(tmp_path), "sound", files)
    assert run.failures
    assert not any(run.failures.values())
    assert run.other_lines == []


def test_the_maven_folder_holds_aar_description_and_sources_with_their_sums(
    small_libraries: dict[str, Path], tmp_path: Path
) -> None:
    need_program("javac")
    made = write_maven_folder(ROOT, small_libraries, tmp_path)
    folder = tmp_path / "org/percepnet/percepnet" / __version__
    stem = f"percepnet-{__version__}"
    contents = [folder / f"{stem}{end}" for end in (".aar", ".pom", "-sources.jar")]
    assert sorted(made) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert set(contents) <= set(made)
    for path in contents:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.with_name(f"{path.name}.sha256").read_text() == digest


def test_the_pom_names_the_folder_that_it_is_in(
    small_libraries: dict[str, Path], tmp_path: Path
) -> None:
    need_program("javac")
    made = write_maven_folder(ROOT, small_libraries, tmp_path)
    (path,) = (path for path in made if path.suffix == ".pom")
    pom = ElementTree.parse(path).getroot()
    space = "{http://maven.apache.org/POM/4.0.0}"
    names = ("groupId", "artifactId", "version", "packaging")
    group, name, version, packaging = (pom.findtext(f"{space}{tag}") for tag in names)
    assert group and name and version
    assert path.parent == tmp_path.joinpath(*group.split("."), name, version)
    assert path.with_suffix(f".{packaging}").exists()


def test_the_sources_jar_holds_the_source_of_each_class(
    aar: bytes, small_libraries: dict[str, Path], tmp_path: Path
) -> None:
    made = write_maven_folder(ROOT, small_libraries, tmp_path)
    (path,) = (path for path in made if path.name.endswith("-sources.jar"))
    sources = {name.removesuffix(".java") for name in files_of(path.read_bytes())}
    classes = files_of(files_of(aar)["classes.jar"])
    assert {name.removesuffix(".class").split("$")[0] for name in classes} == sources


def test_a_library_without_its_java_layer_makes_no_aar(
    small_libraries: dict[str, Path], tmp_path: Path
) -> None:
    compiler = need_program("clang-19")
    need_program("javac")
    make_stubs(compiler, ARM64, tmp_path)
    without = link(compiler, tmp_path, tmp_path)
    with pytest.raises(DataError, match=r"jni/arm64-v8a/.* has no Java layer .*default-jdk"):
        write_maven_folder(ROOT, {**small_libraries, "arm64-v8a": without}, tmp_path / "maven")
    assert not (tmp_path / "maven").exists()


def test_a_missing_library_is_named(small_libraries: dict[str, Path], tmp_path: Path) -> None:
    need_program("javac")
    with pytest.raises(DataError, match=r"absent\.so: No such file"):
        aar_bytes(ROOT, {**small_libraries, "x86_64": tmp_path / "absent.so"})


def test_without_a_jdk_the_package_to_install_is_named() -> None:
    with pytest.raises(MissingDependency, match="default-jdk-headless"):
        find_javac({"PATH": ""})


def test_the_compiler_of_java_home_goes_first(tmp_path: Path) -> None:
    compiler = tmp_path / "bin" / "javac"
    compiler.parent.mkdir()
    compiler.touch(0o755)
    assert find_javac({"JAVA_HOME": str(tmp_path), "PATH": "/usr/bin"}) == str(compiler)


def test_a_missing_jdk_is_told_before_the_libraries_are_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "check_commands", lambda target: None)
    monkeypatch.setattr(builder, "run_step", lambda *_: pytest.fail("a build was started"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(MissingDependency, match="default-jdk-headless"):
        build("android", tmp_path)


def test_java_that_does_not_compile_is_told_in_one_line(tmp_path: Path) -> None:
    need_program("javac")
    (tmp_path / "A.java").write_text("class A { int a = ; }")
    with pytest.raises(ToolError, match=r"javac failed: .*A\.java:1: error") as caught:
        classes_jar(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_building_for_android_into_a_folder_makes_an_aar_of_the_libraries(tmp_path: Path) -> None:
    for program in ("cmake", "ninja", "clang-19", "ld.lld-19", "javac"):
        need_program(program)
    made = build("android", tmp_path / "out")
    (path,) = (path for path in made.files if path.suffix == ".aar")
    assert (
        path.relative_to(tmp_path / "out/maven").parent
        == Path("org/percepnet/percepnet") / __version__
    )
    files = files_of(path.read_bytes())
    for abi in ABIS:
        installed = tmp_path / "out/jni" / abi / "libpercepnet.so"
        assert files[f"jni/{abi}/libpercepnet.so"] == installed.read_bytes()

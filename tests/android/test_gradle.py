# SPDX-License-Identifier: Apache-2.0
"""What the Gradle files and the demo name exists and agrees with the kit; they are not run here."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from host_tools import __version__
from host_tools.build.aar_files import GROUP, MIN_SDK, NAME, NAMESPACE, NDK_MAJOR
from host_tools.build.elf_gate import ANDROID_ABIS
from tests.needs import ROOT, need_program

ANDROID = ROOT / "android"
MODULE = ANDROID / "percepnet"
DEMO = ANDROID / "demo"
KOTLIN = sorted([*ANDROID.rglob("*.kt"), *ANDROID.rglob("*.kts")])
LIBRARY = (MODULE / "build.gradle.kts").read_text()
BUILD_FILES = [MODULE / "build.gradle.kts", DEMO / "build.gradle.kts"]
LOCAL = "{http://schemas.android.com/apk/res/android}"
OPENING = {")": "(", "]": "[", "}": "{"}


def setting(text: str, name: str) -> str:
    """What ``name = value`` or ``name(value)`` says, without quotes."""
    values = re.findall(rf'^\s*{name}(?: = |\()(?:file\()?"?([^"\n)]*)', text, re.MULTILINE)
    assert len(values) == 1, f"{name}: {values}"
    return str(values[0])


def ids(path: Path) -> str:
    return str(path.relative_to(ANDROID))


@pytest.mark.parametrize("path", KOTLIN, ids=ids)
def test_each_bracket_has_its_partner(path: Path) -> None:
    text = re.sub(r'"(\\.|[^"\\\n])*"|//.*|/\*.*?\*/', "", path.read_text(), flags=re.DOTALL)
    open_brackets: list[str] = []
    for bracket in re.findall(r"[()\[\]{}]", re.sub(r"//.*", "", text)):
        if bracket in OPENING:
            assert open_brackets, f"{bracket} closes nothing"
            assert open_brackets.pop() == OPENING[bracket]
        else:
            open_brackets.append(bracket)
    assert open_brackets == []


def test_each_module_has_its_folder_and_build_file() -> None:
    settings = (ANDROID / "settings.gradle.kts").read_text()
    modules = re.findall(r'^include\(":(\w+)"\)', settings, re.MULTILINE)
    assert modules
    for module in modules:
        assert (ANDROID / module / "build.gradle.kts").is_file()
        assert (ANDROID / module / "src/main/AndroidManifest.xml").is_file()


@pytest.mark.parametrize("path", BUILD_FILES, ids=ids)
def test_plugins_of_a_module_have_a_version_in_the_root(path: Path) -> None:
    root = (ANDROID / "build.gradle.kts").read_text()
    for plugin in re.findall(r'id\("([\w.-]+)"\)', path.read_text()):
        assert plugin == "maven-publish" or f'id("{plugin}") version "' in root


def test_files_that_the_library_module_names_exist() -> None:
    assert (MODULE / setting(LIBRARY, "path")).is_file()
    assert (MODULE / setting(LIBRARY, "consumerProguardFiles")).is_file()
    assert (MODULE / setting(LIBRARY, "headers") / "percepnet/percepnet.h").is_file()


def test_the_version_is_that_of_the_kit() -> None:
    properties = (ANDROID / "gradle.properties").read_text()
    assert re.findall(r"^percepnet\.version=(.*)$", properties, re.MULTILINE) == [__version__]
    for path in BUILD_FILES:
        assert 'providers.gradleProperty("percepnet.version").get()' in path.read_text()


@pytest.mark.parametrize("name", ["android.md", "android-api.md"])
def test_documents_give_the_coordinates_of_this_version(name: str) -> None:
    text = (ROOT / "docs" / name).read_text()
    assert set(re.findall(r"[\w.]+:percepnet:[\w.]+", text)) == {f"{GROUP}:{NAME}:{__version__}"}


def test_names_and_levels_are_those_of_the_aar() -> None:
    assert setting(LIBRARY, "namespace") == NAMESPACE
    assert setting(LIBRARY, "minSdk") == str(MIN_SDK)
    assert setting(LIBRARY, "groupId") == GROUP
    assert setting(LIBRARY, "artifactId") == NAME
    assert int(setting(LIBRARY, "ndkVersion").split(".")[0]) >= NDK_MAJOR
    listed = re.search(r"abiFilters \+= listOf\((.*)\)", LIBRARY)
    assert listed
    assert re.findall(r'"([^"]+)"', listed[1]) == [abi.name for abi in ANDROID_ABIS]


def test_the_prefab_module_is_called_as_in_the_aar_and_built() -> None:
    assert re.findall(r'create\("(\w+)"\) \{', LIBRARY.split("prefab {")[1])[0] == NAME
    assert "libraryName" not in LIBRARY  # so the file is lib and the module's name
    assert f'targets += "{NAME}"' in LIBRARY


def test_one_shared_library_of_cmake_has_the_name_of_the_prefab_module(tmp_path: Path) -> None:
    query = tmp_path / ".cmake/api/v1/query/codemodel-v2"  # Gradle asks CMake the same way
    query.parent.mkdir(parents=True)
    query.touch()
    source = (MODULE / setting(LIBRARY, "path")).parent
    command = [need_program("cmake"), "-G", "Ninja", "-S", str(source), "-B", str(tmp_path)]
    command += ["-DANDROID_ABI=arm64-v8a", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"]
    command += [f"-DCMAKE_TOOLCHAIN_FILE={ANDROID / 'toolchain-stubs.cmake'}"]
    for program in ("ninja", "clang-19"):
        need_program(program)
    subprocess.run(command, check=True, capture_output=True)
    replies = (tmp_path / ".cmake/api/v1/reply").glob("target-*.json")
    targets = [json.loads(path.read_text()) for path in replies]
    (target,) = [target for target in targets if target["name"] == NAME]
    assert target["type"] == "SHARED_LIBRARY"
    assert target["nameOnDisk"] == f"lib{NAME}.so"
    assert [Path(artifact["path"]).name for artifact in target["artifacts"]] == [f"lib{NAME}.so"]
    sources = {Path(entry["path"]).name for entry in target["sources"]}
    assert "percepnet_jni.c" in sources


def test_the_document_tells_c_apps_that_name() -> None:
    text = (ROOT / "docs" / "android.md").read_text()
    assert set(re.findall(r"\bpercepnet::\w+", text)) == {f"{NAME}::{NAME}"}
    assert f"find_package({NAME} REQUIRED CONFIG)" in text


def test_native_code_is_built_for_16_kb_pages_and_without_a_cpp_library() -> None:
    assert '"-DANDROID_SUPPORT_FLEXIBLE_PAGE_SIZES=ON"' in LIBRARY
    assert '"-DANDROID_STL=none"' in LIBRARY


@pytest.mark.parametrize("module", [MODULE, DEMO], ids=ids)
def test_manifests_leave_package_and_levels_to_gradle(module: Path) -> None:
    root = ElementTree.parse(module / "src/main/AndroidManifest.xml").getroot()
    assert root.tag == "manifest"
    assert "package" not in root.attrib
    assert root.find("uses-sdk") is None


def test_the_demo_may_record_and_its_screen_exists() -> None:
    root = ElementTree.parse(DEMO / "src/main/AndroidManifest.xml").getroot()
    permissions = [element.get(f"{LOCAL}name") for element in root.findall("uses-permission")]
    assert permissions == ["android.permission.RECORD_AUDIO"]
    (activity,) = root.findall("application/activity")
    name = activity.get(f"{LOCAL}name", "")
    package = setting((DEMO / "build.gradle.kts").read_text(), "namespace")
    source = DEMO / "src/main/kotlin" / Path(*package.split(".")) / f"{name.lstrip('.')}.kt"
    assert f"package {package}\n" in source.read_text()
    assert f"class {name.lstrip('.')} : Activity()" in source.read_text()


def test_texts_of_the_demo_are_all_there_and_all_used() -> None:
    strings = ElementTree.parse(DEMO / "src/main/res/values/strings.xml").getroot()
    used = re.findall(
        r"(?:R\.string\.|@string/)(\w+)",
        "".join(p.read_text() for p in (DEMO / "src").rglob("*") if p.suffix in (".kt", ".xml")),
    )
    assert {element.get("name") for element in strings} == set(used)


def test_the_demo_calls_only_what_the_java_class_has() -> None:
    java = (MODULE / "src/main/java/org/percepnet/PercepNet.java").read_text()
    methods = set(re.findall(r"^  public .*?(\w+)\(", java, re.MULTILINE))
    properties = {m[3].lower() + m[4:] for m in methods if m.startswith("get")}
    called = {
        name
        for path in (DEMO / "src").rglob("*.kt")
        for name in re.findall(r"(?<!\.)\b(?:net|PercepNet)\.(\w+)", path.read_text())
    }
    assert {"process", "processAny", "isBypass"} <= called
    assert called - methods - properties == set()

# SPDX-License-Identifier: Apache-2.0
"""The rules for Android libraries name each mistake and pass a library without one."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from host_tools.build.android_stubs import StubError, make_stubs
from host_tools.build.builder import check_android_library
from host_tools.build.elf_gate import ANDROID_ABIS, library_findings
from host_tools.build.targets import find_target
from host_tools.errors import DataError, UsageError
from tests.android.native import ARM64, ARMV7, EXPORTS, SOURCE, link
from tests.needs import need_program

PT_LOAD, PT_GNU_RELRO = 1, 0x6474E552
ALL = EXPORTS.replace("pn_*", "*")


@pytest.fixture(scope="module")
def compiler() -> str:
    need_program("ld.lld-19")
    return need_program("clang-19")


@pytest.fixture(scope="module")
def stubs(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {target: tmp_path_factory.mktemp("stubs") for target in (ARM64, ARMV7)}
    for target, folder in folders.items():
        make_stubs(compiler, target, folder)
    return folders


def change_segment(library: Path, kind: int, at: int, form: str, value: int) -> None:
    """Overwrite a field, *at* bytes into the first program header of *kind* (64-bit files)."""
    data = bytearray(library.read_bytes())
    table, size, count = (*struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54))
    places = [table + index * size for index in range(count)]
    place = next(p for p in places if struct.unpack_from("<I", data, p) == (kind,))
    struct.pack_into(form, data, place + at, value)
    library.write_bytes(data)


def test_a_well_linked_library_passes(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path)
    assert library_findings(library, "arm64-v8a") == []
    check_android_library(library, "arm64-v8a")


def test_a_well_linked_32_bit_library_passes_with_small_pages(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    small = ["-Wl,-z,max-page-size=4096", "-Wl,-z,common-page-size=4096"]
    library = link(compiler, stubs[ARMV7], tmp_path, small, target=ARMV7)
    assert library_findings(library, "armeabi-v7a") == []


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        (["-Wl,-z,max-page-size=4096", "-Wl,-z,common-page-size=4096"], "aligned to 4096 bytes"),
        (["-Wl,-z,common-page-size=4096"], "RELRO ends at 0x"),
        (["-Wl,-z,execstack"], "executable stack"),
        (["-Wl,-z,norelro"], "no RELRO segment"),
        (["-Wl,--build-id=none"], "no build id"),
        (["-Wl,--build-id=md5"], "no build id"),
        (["-Wl,-soname,libpercepnet.so.0"], "(SONAME) is libpercepnet.so.0"),
    ],
)
def test_a_wrong_linker_option_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path, options: list[str], finding: str
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path, options)
    assert any(finding in line for line in library_findings(library, "arm64-v8a"))


def test_code_that_is_changed_when_loaded_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    absolute = SOURCE + '__asm__(".text\\n.balign 8\\n.8byte pn_version\\n");\n'
    library = link(compiler, stubs[ARM64], tmp_path, ["-Wl,-z,notext"], source=absolute)
    assert [line for line in library_findings(library, "arm64-v8a") if "TEXTREL" in line]


def test_a_library_that_no_app_may_use_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    link(compiler, stubs[ARM64], other, ["-Wl,-soname,libssl.so"])
    library = link(compiler, stubs[ARM64], tmp_path, [str(other / "libpercepnet.so")])
    assert [line for line in library_findings(library, "arm64-v8a") if "needs libssl.so" in line]


def test_a_symbol_that_should_be_hidden_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path, exports=ALL)
    shown = [line for line in library_findings(library, "arm64-v8a") if "shows the symbol" in line]
    assert any("symbol helper;" in line for line in shown)
    assert not any("pn_version" in line for line in shown)


def test_java_methods_may_be_shown(compiler: str, stubs: dict[str, Path], tmp_path: Path) -> None:
    source = SOURCE + "void Java_org_percepnet_X_y(void) {}\nint JNI_OnLoad(void) { return 1; }\n"
    exports = EXPORTS.replace("pn_*;", "pn_*; Java_*; JNI_OnLoad;")
    library = link(compiler, stubs[ARM64], tmp_path, source=source, exports=exports)
    assert library_findings(library, "arm64-v8a") == []


def test_a_library_that_shows_nothing_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path, exports="{ local: *; };\n")
    assert [line for line in library_findings(library, "arm64-v8a") if "no function pn_" in line]


def test_a_missing_api_level_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path, crt=False)
    assert [line for line in library_findings(library, "arm64-v8a") if "API level" in line]


def test_a_library_of_another_machine_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path)
    for abi in ("armeabi-v7a", "x86_64"):
        assert [line for line in library_findings(library, abi) if "64-bit EM_AARCH64" in line]


def test_hard_float_calls_are_found(compiler: str, stubs: dict[str, Path], tmp_path: Path) -> None:
    library = link(compiler, stubs[ARMV7], tmp_path, target=ARMV7)
    data = bytearray(library.read_bytes())
    flags = struct.unpack_from("<I", data, 36)[0]
    struct.pack_into("<I", data, 36, flags & ~0x200 | 0x400)
    library.write_bytes(data)
    assert [line for line in library_findings(library, "armeabi-v7a") if "VFP registers" in line]


def test_an_end_of_relro_that_small_pages_do_not_map_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path)
    data = library.read_bytes()
    change_segment(library, PT_GNU_RELRO, 40, "<Q", 0x10000 - relro_start(data) % 0x4000)
    findings = library_findings(library, "arm64-v8a")
    assert len(findings) == 1
    assert "beyond what 4096-byte pages map" in findings[0]


def relro_start(data: bytes) -> int:
    table, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    headers = [struct.unpack_from("<IIQQ", data, table + index * 56) for index in range(count)]
    return next(header[3] for header in headers if header[0] == PT_GNU_RELRO)


def test_a_segment_that_is_writable_and_executable_is_found(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path)
    change_segment(library, PT_LOAD, 4, "<I", 7)
    findings = library_findings(library, "arm64-v8a")
    assert len(findings) == 1
    assert findings[0].endswith("is writable and executable")


def test_a_cut_file_is_told_in_a_line(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    whole = link(compiler, stubs[ARM64], tmp_path).read_bytes()
    cut = tmp_path / "cut.so"
    for size in [*range(0, 1200, 97), *range(1200, len(whole), 4001)]:
        cut.write_bytes(whole[:size])
        findings = library_findings(cut, "arm64-v8a")
        assert findings, size
        assert all("\n" not in line for line in findings)


def test_the_builder_refuses_with_one_line_that_holds_all(
    compiler: str, stubs: dict[str, Path], tmp_path: Path
) -> None:
    library = link(compiler, stubs[ARM64], tmp_path, ["-Wl,-z,execstack", "-Wl,--build-id=none"])
    with pytest.raises(DataError) as caught:
        check_android_library(library, "arm64-v8a")
    message = str(caught.value)
    assert "\n" not in message
    assert "executable stack" in message
    assert "no build id" in message


def test_an_unknown_abi_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="arm64-v8a, armeabi-v7a, x86_64"):
        library_findings(tmp_path / "any", "mips")


def test_an_absent_library_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="host_tools build"):
        library_findings(tmp_path / "absent.so", "x86_64")


def test_all_abis_that_are_built_have_rules() -> None:
    assert find_target("android").android_abis == tuple(abi.name for abi in ANDROID_ABIS)


@pytest.mark.parametrize("target", ["aarch64-linux-gnu", "aarch64-linux-android", ""])
def test_stubs_are_for_android_targets_alone(target: str, tmp_path: Path) -> None:
    with pytest.raises(StubError, match="not an Android target"):
        make_stubs("clang-19", target, tmp_path)


def test_a_missing_compiler_is_named_by_the_stubs(tmp_path: Path) -> None:
    with pytest.raises(StubError, match="install clang-19"):
        make_stubs("no-such-compiler", ARM64, tmp_path)

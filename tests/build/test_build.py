# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path

import pytest

from host_tools.build import TARGET_NAMES, build, builder, find_target
from host_tools.build.builder import check_commands, run_step
from host_tools.cli import main
from host_tools.errors import DataError, MissingDependency, ToolError
from tests.needs import need_build, need_program


def test_target_that_cannot_be_built_is_a_usage_error_that_names_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["build", "--target", "toaster"]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    for known in TARGET_NAMES:
        assert known in line


def test_missing_compiler_is_named_with_the_line_that_installs_it() -> None:
    absent = {"clang-19", "clang", "aarch64-linux-gnu-gcc"}
    with pytest.raises(MissingDependency) as caught:
        check_commands(find_target("rpi-aarch64"), lambda name: None if name in absent else name)
    message = str(caught.value)
    assert "apt-get install" in message
    assert "clang-19 gcc-aarch64-linux-gnu libc6-dev-arm64-cross" in message
    assert "ninja" not in message


def test_the_tool_that_makes_a_kernel_is_named_with_its_package() -> None:
    absent = {"llvm-objcopy-19", "llvm-objcopy", "aarch64-linux-gnu-objcopy"}
    with pytest.raises(MissingDependency, match=r"rpi-bare-metal needs llvm-objcopy-19;.* llvm-19"):
        check_commands(find_target("rpi-bare-metal"), lambda name: None if name in absent else name)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_any_of_the_known_names_of_a_compiler_will_do(target: str) -> None:
    check_commands(find_target(target), lambda name: name if name != "clang-19" else None)


def test_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    need_program("cmake")
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(DataError, match="is a file"):
        build("host", file)
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("-- a\nCMake Error at x:1 (message):\n  no file a.pnm\n\n", "(message): no file a.pnm"),
        ("[1/2] cc\na.c:3:1: error: unknown type\nninja: build stopped\n", "unknown type"),
        ("killed\n", "killed"),
        ("", "exit code 3"),
    ],
)
def test_failing_step_is_told_in_one_line(output: str, expected: str, tmp_path: Path) -> None:
    script = f"import sys; print({output!r}, end=''); sys.exit(3)"
    with pytest.raises(ToolError) as caught:
        run_step([sys.executable, "-c", script], tmp_path)
    message = str(caught.value)
    assert expected in message.split("failed: ")[1]


def test_what_was_left_out_is_told_once_for_all_parts_of_a_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed = "-- a\n-- Java layer left out: no jni.h (install it)\n-- b\n"
    monkeypatch.setattr(builder, "run_step", lambda command, directory: printed)
    monkeypatch.setattr(builder, "check_commands", lambda target: None)
    monkeypatch.setattr(builder, "check_android_library", lambda library, abi: None)
    assert build("android").left_out == ("Java layer left out: no jni.h (install it)",)


@pytest.mark.slow
def test_output_folder_receives_programs_library_and_header(tmp_path: Path) -> None:
    need_build("rpi-aarch64")
    made = build("rpi-aarch64", tmp_path / "pi")
    names = {str(file.relative_to(tmp_path / "pi")) for file in made.files}
    assert {
        "bin/percepnet_agent",
        "bin/percepnet_denoise",
        "include/percepnet/percepnet.h",
        "lib/libpercepnet.a",
        "lib/libpercepnet.so",
    } <= names
    assert all(file.exists() for file in made.files)


@pytest.mark.slow
def test_the_output_folder_of_a_bare_board_receives_the_kernel_alone(tmp_path: Path) -> None:
    need_build("rpi-bare-metal", "kernel8.img")
    made = build("rpi-bare-metal", tmp_path / "card")
    assert [file.relative_to(tmp_path) for file in made.files] == [Path("card/kernel8.img")]
    assert [path.name for path in (tmp_path / "card").iterdir()] == ["kernel8.img"]

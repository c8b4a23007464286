# SPDX-License-Identifier: Apache-2.0
"""The tests take the Kotlin compiler that is known here or tell the reason; a script is npm."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.android import kotlin


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has no compiler yet and whose programs are those of the folder given."""
    for name in (kotlin.FOLDER_VARIABLE, "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


def add_npm(programs: Path, script: str) -> None:
    npm = programs / "npm"
    npm.write_text(f"#!{sys.executable}\n{script}")
    npm.chmod(0o755)


def test_without_npm_the_tests_are_skipped(machine: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="npm is not installed"):
        kotlin.need_kotlin()


def test_in_ci_a_compiler_that_is_missing_fails(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="npm is not installed"):
        kotlin.need_kotlin()


def test_without_a_network_the_first_line_of_npm_is_the_reason(machine: Path) -> None:
    add_npm(machine, "raise SystemExit('npm error code ENOTFOUND\\nnpm error more')")
    with pytest.raises(pytest.skip.Exception, match=r"ENOTFOUND; or set PERCEPNET_KOTLIN$"):
        kotlin.need_kotlin()


def test_a_package_with_other_bytes_is_refused_and_not_kept(machine: Path) -> None:
    add_npm(machine, "open('kotlin-compiler-9.tgz', 'wb').write(b'other')")
    with pytest.raises(AssertionError, match="is not the package known here"):
        kotlin.need_kotlin()
    assert list((machine.parent / "cache/percepnet-kit").iterdir()) == []


def test_a_folder_that_holds_no_compiler_is_named(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kotlin.FOLDER_VARIABLE, str(machine))
    with pytest.raises(pytest.skip.Exception, match=r"PERCEPNET_KOTLIN: no .*/bin/kotlinc"):
        kotlin.need_kotlin()

# SPDX-License-Identifier: Apache-2.0
"""host_tools doctor names what is missing and the command that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools import doctor
from host_tools.doctor import Check, examine, healthy
from host_tools.errors import UsageError


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_every_missing_thing_comes_with_a_way_to_mend_it() -> None:
    for check in examine():
        assert check.detail, check
        assert check.ok == (check.mend == ""), check


def test_with_no_programs_installed_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    found = by_name(examine())
    assert found["build tools for host"].need == "required"
    assert "apt-get install" in found["build tools for host"].mend
    assert "gcc-aarch64-linux-gnu" in found["build tools for rpi-aarch64"].mend
    assert "gcc-arm-linux-gnueabihf" in found["build tools for rpi-armv7"].mend
    for program in ("qemu-aarch64", "qemu-arm"):
        assert not found[program].ok
        assert found[program].mend == "apt-get install qemu-user"
    assert found["LLVM tools"].mend == "apt-get install llvm-19"
    assert found["adb"].mend == "apt-get install adb"
    assert found["ssh"].mend == "apt-get install openssh-client"
    assert (found["adb"].need, found["ssh"].need) == ("optional", "optional")
    assert not found["instruction counter"].ok
    assert not healthy(found.values())


@pytest.mark.parametrize(("name", "mend"), [("adb", "adb"), ("ssh", "openssh-client")])
def test_a_program_that_does_not_work_is_told_from_a_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, mend: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / name
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    check = by_name(examine())[name]
    assert not check.ok
    assert str(program) in check.detail and "not installed" not in check.detail
    assert check.mend.endswith(f"apt-get install {mend}")


def test_a_missing_model_or_agent_names_the_command_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_model(name: str) -> None:
        raise UsageError(f"no model {name!r}")

    monkeypatch.setattr(doctor, "find_model", no_model)
    monkeypatch.setattr(doctor, "agent_path", lambda target: tmp_path / target / "agent")
    found = by_name(examine())
    assert found["model image"].mend.startswith("host_tools quantize")
    assert found["agent for rpi-armv7"].mend == "host_tools build --target rpi-armv7"


def test_a_missing_extra_names_its_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name == "pesq" else real(name)
    )
    check = by_name(examine())["extra 'quality'"]
    assert not check.ok
    assert "PESQ" in check.detail
    assert check.mend == "pip install -e '.[quality]'"


def test_only_missing_required_things_make_a_machine_unhealthy() -> None:
    optional = Check("a", False, "optional", "missing", "get it")
    required = Check("b", False, "required", "missing", "get it")
    present = Check("c", True, "required", "there", "")
    assert healthy([optional, present])
    assert not healthy([optional, required, present])

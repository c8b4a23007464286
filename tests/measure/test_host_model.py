# SPDX-License-Identifier: Apache-2.0
"""The load model is checked on this computer, where its answer can be timed."""

from __future__ import annotations

import platform
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from host_tools.errors import DataError, DeviceError, MissingDependency
from host_tools.generate.model_file import model_path
from host_tools.measure import host_model
from host_tools.measure.host_model import (
    KERNEL,
    HostSpeed,
    build_probe,
    host_core,
    host_cpu,
    host_speed,
)
from host_tools.measure.host_model_check import (
    CASES,
    TOLERANCE,
    Checked,
    as_toml,
    check_case,
)
from host_tools.measure.host_model_error import CHECK_FILE, model_error
from host_tools.measure.hot_loop import HotLoop
from host_tools.measure.kernel_cycles import simulate
from host_tools.measure.runs import Plan
from host_tools.measure.toml_file import read_toml
from tests.needs import need, need_build, need_program
from tests.timing import in_real_time

TRIES = 3
SPEED = HostSpeed(frequency_ghz=3.5, read_gb_per_s=80.0)
CASE = Checked("percepnet", "frame", 1.6e6, 5e5, 3.5, 80.0, 1.2, 2.0, 1.6, 1.0, 1.25)

x86_64 = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="the model is checked on x86-64"
)


@in_real_time
@x86_64
def test_clock_and_read_bandwidth_of_this_core_are_timed() -> None:
    need_program("cc")
    speed = host_speed(build_probe(), 1 << 20)
    assert 0.5 < speed.frequency_ghz < 8.0
    # Nothing that is made for years reads slower, no core faster than four vectors a cycle.
    assert 1.0 < speed.read_gb_per_s < 4 * 32 * speed.frequency_ghz


@x86_64
def test_a_probe_that_fails_is_a_device_error(tmp_path: Path) -> None:
    need_program("cc")
    with pytest.raises(DeviceError, match="cannot time this CPU"):
        host_speed(build_probe(), 0)
    with pytest.raises(DeviceError, match="cannot time this CPU"):
        host_speed(tmp_path / "missing", 1024)


def test_another_architecture_is_told_that_the_check_needs_x86(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(DeviceError, match="aarch64"):
        host_cpu()


def test_a_cpu_without_a_published_ipc_is_not_guessed_at() -> None:
    with pytest.raises(DataError, match=r"no published IPC for this CPU \(i486\)"):
        host_core("i486", SPEED)


def test_every_assumed_ipc_names_its_source() -> None:
    for cpu, assumed in read_toml(host_model.ASSUMPTIONS_FILE)["core"].items():
        core = host_core(cpu, SPEED)
        assert (core.frequency_ghz, core.read_gb_per_s) == (3.5, 80.0)
        assert core.ipc_other == assumed["ipc_other"] > 0
        assert assumed["ipc_source"] and core.title


def test_a_chain_of_additions_takes_llvm_a_cycle_each_on_x86() -> None:
    need_program("llvm-mca-19")
    loop = HotLoop("k", ("addq %rax, %rbx",) * 8)
    assert simulate(loop, host_core("znver4", SPEED)).cycles == pytest.approx(8, abs=0.1)


def test_the_check_holds_up_to_its_tolerance() -> None:
    assert CASE.holds
    assert replace(CASE, middle_to_measured=1.0 - 0.99 * TOLERANCE).holds
    assert not replace(CASE, middle_to_measured=1.0 + 1.01 * TOLERANCE).holds


def test_the_error_of_an_estimate_is_the_span_over_the_kept_cases(tmp_path: Path) -> None:
    other = replace(CASE, mode="packet", middle_to_measured=0.85, upper_to_measured=1.1)
    kept = tmp_path / "check.toml"
    kept.write_text(as_toml([CASE, other], "znver4", datetime(2026, 1, 2, tzinfo=timezone.utc)))
    text = model_error(kept)
    assert "middle of the range 0.85 to 1.00, upper end 1.10 to 1.25 times" in text
    assert "AMD Zen 4" in text and "2026-01-02" in text
    assert model_error(tmp_path / "none.toml") == ""


def test_the_kept_check_covers_every_case_and_held() -> None:
    kept = read_toml(CHECK_FILE)
    cases = [Checked(**case) for case in kept["case"]]
    assert tuple((case.model, case.mode) for case in cases) == CASES
    assert all(case.holds and case.lower_percent < case.upper_percent for case in cases)
    assert kept["kernel"] == KERNEL


@in_real_time
@pytest.mark.slow
@x86_64
@pytest.mark.parametrize(("model", "mode"), CASES)
def test_this_computers_load_is_predicted_within_30_percent(model: str, mode: str) -> None:
    need_build("host", "percepnet_agent")
    need(model_path(model).is_file(), f"no image of model {model}")
    for program in ("cc", "qemu-x86_64", "llvm-mca-19", "llvm-objdump-19"):
        need_program(program)
    try:
        host_core(host_cpu(), SPEED)
    except DataError as error:
        pytest.skip(str(error))
    plan = Plan(kernel=KERNEL, mode="packet" if mode == "packet" else "frame")
    for _ in range(TRIES):
        try:
            checked = check_case(model, plan)
        except MissingDependency as error:
            need(False, str(error))
        # Other programs can only raise the measured load, so a try that is too low proves nothing.
        if checked.middle_to_measured >= 1.0 - TOLERANCE:
            break
    assert checked.holds, checked

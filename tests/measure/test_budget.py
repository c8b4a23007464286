# SPDX-License-Identifier: Apache-2.0
"""Budgets: lines are ok, over or unknown; only a line that is over fails."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from host_tools.errors import DataError, UsageError
from host_tools.measure.budget import (
    Figure,
    Limits,
    check_budget,
    chosen_budget,
    load_budget,
    parse_limits,
)

LIMITS = Limits(5.0, 50.0, 30.0, 20.0, 256.0, 16.0, 0.0)


def good() -> dict[str, Figure]:
    return {
        "load_percent_of_core": Figure(5.0, "measured"),
        "frame_time_p99_percent": Figure(12.0, "measured"),
        "delay_ms": Figure(30.0, "exact"),
        "state_kib": Figure(200.0, "exact"),
        "stack_kib": Figure(3.0, "measured"),
        "flash_kib": Figure(8000.0, "exact"),
    }


def test_values_at_their_limits_are_within_budget_and_unknown_power_neither_passes_nor_fails() -> (
    None
):
    report = check_budget("phone", LIMITS, good())
    assert report.ok
    unknown = [line for line in report.lines if line.ok is None]
    assert [(line.name, line.value, line.kind) for line in unknown] == [
        ("power_mw", None, "unknown")
    ]


@pytest.mark.parametrize("name", [f.name for f in fields(Limits) if f.name != "flash_kib"])
def test_each_line_alone_breaks_the_budget(name: str) -> None:
    limit = getattr(LIMITS, name)
    report = check_budget("phone", LIMITS, {**good(), name: Figure(limit * 1.001, "estimated")})
    assert not report.ok
    assert [line.name for line in report.lines if line.ok is False] == [name]


def test_a_flash_limit_of_zero_asks_only_for_the_size() -> None:
    line = check_budget("phone", LIMITS, good()).lines[-1]
    assert (line.name, line.limit, line.value, line.ok) == ("flash_kib", None, 8000.0, True)


def test_an_estimated_value_is_compared_and_stays_marked_estimated() -> None:
    figures = {**good(), "load_percent_of_core": Figure(4.0, "estimated")}
    line = check_budget("phone", LIMITS, figures).lines[0]
    assert (line.kind, line.ok) == ("estimated", True)


def test_a_figure_without_value_must_be_unknown_and_the_other_way_round() -> None:
    with pytest.raises(ValueError, match="unknown"):
        Figure(None, "measured")
    with pytest.raises(ValueError, match="unknown"):
        Figure(1.0, "unknown")


def test_the_phone_budget_is_the_stated_goal() -> None:
    phone = load_budget("phone")
    assert phone.load_percent_of_core == 5
    assert phone.frame_time_p99_percent == 50
    assert phone.delay_ms == 30
    assert phone.power_mw == 20


def test_an_unknown_budget_is_a_usage_error_that_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no budget 'toaster'.*phone"):
        load_budget("toaster")


@pytest.mark.parametrize("value", ['"five"', "true", "nan", "-1", "inf"])
def test_a_limit_that_is_no_number_is_named(tmp_path: Path, value: str) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text(f"[budget.bad]\nload_percent_of_core = {value}\n")
    with pytest.raises(DataError, match=r"budgets\.toml.*load_percent_of_core"):
        load_budget("bad", file)


def test_a_missing_or_malformed_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_budget("phone", tmp_path / "absent.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("[budget.phone\n")
    with pytest.raises(DataError, match="not valid TOML"):
        load_budget("phone", bad)


@pytest.mark.parametrize("name", ["phone", "raspberry-pi-3", "raspberry-pi-4", "raspberry-pi-5"])
def test_each_budget_states_every_limit(name: str) -> None:
    limits = load_budget(name)
    assert all(getattr(limits, field.name) is not None for field in fields(Limits))
    assert limits.delay_ms == 30


def test_limits_of_the_command_line_change_a_budget_or_stand_alone() -> None:
    changes = parse_limits(["load_percent_of_core=8", "power_mw=0.5"])
    changed = chosen_budget("phone", changes)
    assert changed is not None
    assert changed[0] == "phone, changed: load_percent_of_core, power_mw"
    assert (changed[1].load_percent_of_core, changed[1].delay_ms) == (8.0, 30.0)
    alone = chosen_budget(None, changes)
    assert alone is not None
    report = check_budget(*alone, {"load_percent_of_core": Figure(9.0, "measured")})
    assert [line.name for line in report.lines if line.ok is False] == ["load_percent_of_core"]
    assert chosen_budget(None, {}) is None


@pytest.mark.parametrize(
    "text", ["load=5", "power_mw", "power_mw=x", "power_mw=-1", "power_mw=inf"]
)
def test_a_limit_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"write NAME=VALUE.*load_percent_of_core"):
        parse_limits([text])

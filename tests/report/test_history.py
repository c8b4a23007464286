# SPDX-License-Identifier: Apache-2.0
"""A folder of runs over time, as a table, as JSON and drawn."""

from __future__ import annotations

import importlib.util
import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from host_tools.errors import DataError, MissingDependency, UsageError
from host_tools.report.history import history_dict, print_history, read_history
from host_tools.report.history_plot import charts_of, write_history_plot
from host_tools.report.run_folder import write_run
from tests.measure.example import example_result, example_timed_result
from tests.needs import need
from tests.report.page import Page

HOSTILE = "ssh:<b>&$x^2$"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of a board, one of an emulator, and two folders that cannot be read."""
    parent = tmp_path_factory.mktemp("runs")
    timed = example_timed_result(seconds=1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "jinja2", None)
        write_run(replace(timed, created_utc="2026-03-02T03:04:05Z"), parent)
        write_run(timed, parent)
        write_run(replace(example_result(), model="other", model_digest="12" * 32), parent)
    (parent / "empty").mkdir()
    (parent / "cut-off").mkdir()
    (parent / "cut-off" / "result.json").write_text('{"schema_version": 2')
    (parent / ".run-being-written").mkdir()
    (parent / "notes.txt").write_text("no folder")
    return parent


def test_runs_come_in_the_order_of_time_and_unreadable_folders_with_a_reason(runs: Path) -> None:
    history = read_history(runs)
    times = [run.result.created_utc for run in history.runs]
    assert times == sorted(times) and len(times) == 3
    assert len(history.unreadable) == 2
    assert "cut-off/result.json: is no whole JSON" in history.unreadable[0]
    assert "empty/result.json: is missing" in history.unreadable[1]


def test_filters_take_a_part_of_the_device_and_a_model_by_name_or_digest(runs: Path) -> None:
    def devices(**filters: str) -> list[str]:
        return [run.result.device for run in read_history(runs, **filters).runs]

    assert devices(device="emulator") == ["emulator:cortex-a53"]
    assert devices(device="pi@") == ["ssh:pi@board"] * 2
    assert devices(model="other") == devices(model="1212") == ["emulator:cortex-a53"]
    assert devices(model="percepnet") == ["ssh:pi@board"] * 2
    assert devices(device="nothing") == []


def test_the_table_says_what_is_estimated_and_unknown(runs: Path) -> None:
    text = io.StringIO()
    print_history(read_history(runs), Console(file=text, width=160, color_system=None))
    shown = text.getvalue()
    assert "40 est." in shown and "unknown" in shown and "20.0 ± 0.52" in shown
    assert "2026-03-02 03:04:05" in shown and "abababab" in shown and "fail" in shown
    assert shown.count("not read: ") == 2
    plain = history_dict(read_history(runs))
    assert plain["runs"][0]["load_kind"] == "estimated"
    assert len(plain["unreadable"]) == 2


def test_a_place_without_runs_is_told(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_history(tmp_path / "none")
    one = next(each for each in runs.iterdir() if each.name.endswith("board"))
    with pytest.raises(DataError, match="is one run"):
        read_history(one)
    assert read_history(tmp_path).runs == ()


def test_a_chart_has_a_curve_a_device_with_doubt_and_kind(runs: Path) -> None:
    load, power = charts_of(read_history(runs))
    assert [curve.device for curve in load.curves] == ["emulator:cortex-a53", "ssh:pi@board"]
    (estimate,) = load.curves[0].points
    assert (estimate.value, estimate.below, estimate.above) == (40.0, 10.0, 0.0)
    assert estimate.kind == "estimated"
    assert [point.kind for point in power.curves[0].points] == ["measured", "measured"]


def test_void_runs_are_listed_and_not_drawn(runs: Path) -> None:
    history = read_history(runs, device="pi@")
    first, second = history.runs
    void = replace(first, result=replace(first.result, verdict="void"))
    load, _ = charts_of(replace(history, runs=(void, second)))
    assert [len(curve.points) for curve in load.curves] == [1]


@pytest.mark.parametrize(
    ("name", "begins"), [("h.png", b"\x89PNG"), ("h.svg", b"<?xml"), ("h.HTML", b"<!DOCTYPE html>")]
)
def test_every_kind_of_plot_is_drawn_the_same_each_time(
    runs: Path, tmp_path: Path, name: str, begins: bytes
) -> None:
    for package in ("jinja2", "matplotlib"):
        need(importlib.util.find_spec(package) is not None, f"{package} is not installed")
    history = read_history(runs)
    write_history_plot(history, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    write_history_plot(history, tmp_path / name)
    assert first.startswith(begins) and (tmp_path / name).read_bytes() == first


@pytest.mark.parametrize("name", ["h.html", "h.svg"])
def test_a_hostile_device_name_stays_text(runs: Path, tmp_path: Path, name: str) -> None:
    need(importlib.util.find_spec("matplotlib") is not None, "matplotlib is not installed")
    history = read_history(runs)
    hostile = replace(
        history,
        runs=tuple(
            replace(run, result=replace(run.result, device=HOSTILE)) for run in history.runs
        ),
    )
    write_history_plot(hostile, tmp_path / name)
    source = (tmp_path / name).read_text(encoding="utf-8")
    assert "<b>" not in source
    if name == "h.html":
        page = Page(source)
        assert HOSTILE in page.text and "http:" not in source
        assert [each.attributes["scope"] for each in page.having("th")]


def test_what_cannot_be_drawn_is_told_before_the_work(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = read_history(runs)
    with pytest.raises(UsageError, match=r"\.html, \.png, \.svg"):
        write_history_plot(history, tmp_path / "h.gif")
    with pytest.raises(DataError, match="nothing to draw"):
        write_history_plot(read_history(runs, device="nothing"), tmp_path / "h.png")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependency, match=r"percepnet-kit\[report\]"):
        write_history_plot(history, tmp_path / "h.png")
    assert list(tmp_path.iterdir()) == []

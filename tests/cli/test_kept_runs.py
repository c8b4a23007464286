# SPDX-License-Identifier: Apache-2.0
"""``host_tools report``, ``compare`` and ``history`` on folders that measure left."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from host_tools.cli import main
from host_tools.report.run_folder import write_run
from tests.measure.example import example_result, example_timed_result
from tests.needs import need

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A timed and an emulated run, without pages."""
    parent = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "jinja2", None)
        return (
            write_run(example_timed_result(seconds=1.0), parent),
            write_run(example_result(), parent),
        )


def test_report_draws_page_and_junit_and_shows_the_result(
    capsys: Captured, kept: tuple[Path, Path]
) -> None:
    for name in ("jinja2", "matplotlib", "PIL"):
        need(importlib.util.find_spec(name) is not None, f"{name} is not installed")
    folder = kept[1]
    (folder / "junit.xml").unlink()
    assert main(["report", str(folder)]) == 0
    output = capsys.readouterr()
    assert "verdict: fail" in output.out and f"drew {folder / 'report.html'}" in output.err
    assert (folder / "report.html").is_file() and (folder / "junit.xml").is_file()
    assert main(["report", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((folder / "result.json").read_text())


def test_report_without_its_packages_names_the_extra(
    capsys: Captured, kept: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["report", str(kept[0])]) == 6
    assert "pip install 'percepnet-kit[report]'" in capsys.readouterr().err


def test_compare_starts_with_what_is_the_same_and_ends_well_whatever_it_finds(
    capsys: Captured, kept: tuple[Path, Path]
) -> None:
    timed, emulated = kept
    assert main(["compare", str(timed), str(emulated), str(timed / "result.json")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("same: model, clip; DIFFERENT: output digest (")
    assert "C against A" in shown and "no difference seen" in shown
    assert main(["compare", "--json", str(timed), str(timed)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(fact["same"] for fact in found["facts"].values())


def test_history_lists_draws_and_goes_on_after_a_bad_folder(
    capsys: Captured, kept: tuple[Path, Path], tmp_path: Path
) -> None:
    need(importlib.util.find_spec("matplotlib") is not None, "matplotlib is not installed")
    parent = kept[0].parent
    (parent / "bad").mkdir(exist_ok=True)
    picture = tmp_path / "load.svg"
    assert main(["history", str(parent), "--device", "ssh", "--plot", str(picture)]) == 0
    output = capsys.readouterr()
    assert "ssh:pi@board" in output.out and "emulator" not in output.out
    assert "not read: " in output.out and picture.is_file()
    assert main(["history", str(parent), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["runs"]) == 2 and len(found["unreadable"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["report", "nowhere"], 4, "nowhere: is no folder"),
        (["report"], 2, "Missing argument"),
        (["compare", "nowhere", "nowhere"], 4, "nowhere: there is no such run"),
        (["compare"], 2, "Missing argument"),
        (["history", "nowhere"], 4, "nowhere: cannot be read"),
        (["history", "--plot", "runs.gif"], 2, "runs.gif: give a name that ends in"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    capsys: Captured, arguments: list[str], code: int, text: str
) -> None:
    assert main(arguments) == code
    output = capsys.readouterr()
    assert output.out == "" and output.err.count("\n") == 1 and text in output.err


def test_comparing_one_run_is_refused(capsys: Captured, kept: tuple[Path, Path]) -> None:
    assert main(["compare", str(kept[0])]) == 2
    assert "give two or more" in capsys.readouterr().err


def test_a_newer_folder_is_refused_by_every_command(
    capsys: Captured, kept: tuple[Path, Path], tmp_path: Path
) -> None:
    data = {**replace(example_result()).to_dict(), "schema_version": 3}
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "result.json").write_text(json.dumps(data))
    words = "written by a newer version, schema 3; this one reads 1 to 2"
    assert main(["report", str(tmp_path / "new")]) == 4
    assert words in capsys.readouterr().err
    assert main(["compare", str(kept[0]), str(tmp_path / "new")]) == 4
    assert words in capsys.readouterr().err
    assert main(["history", str(tmp_path)]) == 0
    assert words in capsys.readouterr().out

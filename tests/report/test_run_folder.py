# SPDX-License-Identifier: Apache-2.0
"""A run folder: complete when it appears, and read back only as it was written."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from host_tools.errors import DataError, MissingDependency
from host_tools.measure.budget import BudgetLine, BudgetReport
from host_tools.measure.result import MeasureResult
from host_tools.measure.validity import Rule
from host_tools.report import run_folder
from host_tools.report.frame_table import write_frames
from host_tools.report.junit import junit_xml
from host_tools.report.result_reader import read_result
from host_tools.report.run_folder import write_report, write_run
from host_tools.report.run_reader import read_run
from tests.measure.example import example_result, example_timed_result

DATA = ["enhanced.wav", "frames.csv", "noisy.wav", "power.csv", "result.json"]


@pytest.fixture(scope="module")
def timed() -> MeasureResult:
    return example_timed_result(seconds=1.0)


@pytest.fixture
def folder(timed: MeasureResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Kept without its page, which takes a second to draw."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    return write_run(timed, tmp_path / "runs")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change result.json by hand."""
    data = json.loads((folder / "result.json").read_text())
    change(data)
    (folder / "result.json").write_text(json.dumps(data))


def test_what_was_measured_is_read_back_as_it_was(folder: Path, timed: MeasureResult) -> None:
    run = read_run(folder)
    assert run.result.to_dict() == timed.to_dict()
    assert np.array_equal(run.result.noisy, timed.noisy)
    assert np.array_equal(run.result.enhanced, timed.enhanced)
    assert run.result.recording is not None and timed.recording is not None
    assert np.array_equal(run.result.recording.current_a, timed.recording.current_a)
    assert run.result.recording.marks == timed.recording.marks
    for pace_ms, repeats in timed.runs.items():
        for found, made in zip(run.frames[pace_ms], repeats, strict=True):
            assert np.allclose(found.time_us, made.frame_times_ns / 1e3, atol=1e-3)


def test_a_row_of_frames_csv_is_a_frame_and_wake_ups_stand_at_the_first_of_a_period(
    folder: Path, timed: MeasureResult
) -> None:
    with (folder / "frames.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3 * 5 * 100
    at_20 = [row for row in rows if row["pace_ms"] == "20" and row["repeat"] == "2"]
    assert [bool(row["wake_up_us"]) for row in at_20] == [True, False] * 50
    wake_ups = timed.runs[20][1].wake_ups_ns
    assert wake_ups is not None
    assert float(at_20[4]["wake_up_us"]) == pytest.approx(wake_ups[4] / 1e3)
    assert not any(row["wake_up_us"] for row in rows if row["pace_ms"] == "0")
    assert [int(row["frame"]) for row in at_20] == list(range(100))


def test_packets_give_a_row_a_frame_and_a_wake_up_a_packet(
    timed: MeasureResult, tmp_path: Path
) -> None:
    run = timed.runs[20][0]
    packets = replace(
        run,
        frames=7,
        frames_per_call=2,
        call_times_ns=np.array([10, 20, 30, 40], np.uint32),
        wake_ups_ns=np.array([1000, 2000, 3000, 4000], np.uint32),
    )
    path = tmp_path / "frames.csv"
    write_frames({20: [packets]}, path)
    lines = path.read_text().splitlines()[1:]
    assert [line.split(",")[3] for line in lines] == [
        *("0.0050", "0.0050", "0.0100", "0.0100", "0.0150", "0.0150", "0.0400"),
    ]
    assert [line.split(",")[4] for line in lines] == [
        "1.000",
        "",
        "2.000",
        "",
        "3.000",
        "",
        "4.000",
    ]


def test_without_the_packages_of_the_page_all_else_is_kept_and_the_extra_is_named(
    timed: MeasureResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    folder = write_run(timed, tmp_path)
    assert names(folder) == sorted([*DATA, "junit.xml"])
    (record,) = caplog.records
    assert "pip install 'percepnet-kit[report]'" in record.getMessage()
    assert "\n" not in record.getMessage()
    with pytest.raises(MissingDependency, match=r"percepnet-kit\[report\]"):
        write_report(folder)


def test_a_drawing_that_fails_loses_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(run_folder, "run_page", lambda run: 1 / 0)
    folder = write_run(example_result(), tmp_path)
    assert names(folder) == ["enhanced.wav", "junit.xml", "noisy.wav", "result.json"]
    assert "no report.html (ZeroDivisionError" in caplog.text


def test_ctrl_c_while_drawing_loses_no_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(run: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_folder, "run_page", pressed)
    with pytest.raises(KeyboardInterrupt):
        write_run(example_result(), tmp_path)
    (folder,) = tmp_path.iterdir()
    assert read_run(folder).result.verdict == "fail"


@pytest.mark.parametrize("name", DATA)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf"{name}: is missing"):
        read_run(folder)


@pytest.mark.parametrize("name", DATA)
def test_a_file_that_is_cut_off_is_named(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=name):
        read_run(folder)


@pytest.mark.parametrize("name", ["frames.csv", "power.csv"])
def test_a_table_that_lacks_its_last_line_is_named(folder: Path, name: str) -> None:
    path = folder / name
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(DataError, match=rf"{name}.* of |{name}.*counts"):
        read_run(folder)


def test_audio_that_was_changed_is_told_by_its_digest(folder: Path) -> None:
    samples, rate = soundfile.read(folder / "enhanced.wav", dtype="int16")
    samples[7] += 1
    soundfile.write(folder / "enhanced.wav", samples, rate, "PCM_16")
    with pytest.raises(DataError, match=r"enhanced\.wav: .* another digest"):
        read_run(folder)


def test_a_newer_version_is_refused_with_what_can_be_read(folder: Path) -> None:
    rewrite(folder, lambda data: data.update(schema_version=3, surprise=1))
    with pytest.raises(
        DataError, match="written by a newer version, schema 3; this one reads 1 to 2"
    ):
        read_run(folder)


def version_1(folder: Path) -> None:
    """Make a folder what the first version left."""

    def change(data: dict[str, Any]) -> None:
        data.update(schema_version=1, power=None)
        for name in ("pacing", "stage_cost_us", "threads", "partial"):
            del data[name]

    rewrite(folder, change)
    for name in ("frames.csv", "noisy.wav", "power.csv", "junit.xml"):
        (folder / name).unlink()


def test_a_folder_of_version_1_is_read_as_far_as_it_goes(folder: Path) -> None:
    version_1(folder)
    run = read_run(folder)
    assert run.result.schema_version == 1
    assert run.result.load.kind == "measured" and run.result.pacing == () and run.frames == {}
    assert len(run.result.noisy) == 0 and run.result.recording is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.pop("verdict"), "'verdict' is a required property"),
        (lambda data: data.update(load=7), r"at \$\.load: 7 is not of type 'object'"),
        (lambda data: data.update(schema_version=0), "none below 1"),
        (lambda data: data.update(schema_version="2"), "has no schema_version"),
        (lambda data: data.update(verdict="x" * 9000), r"at \$\.verdict: "),
    ],
)
def test_what_the_schema_forbids_is_told_with_its_place(
    folder: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    rewrite(folder, change)
    with pytest.raises(DataError, match=words) as caught:
        read_result(folder)
    assert "result.json" in str(caught.value) and len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"schema_version": NaN}', "[]", "7", "\x00"]
)
def test_no_json_is_one_clear_error(folder: Path, text: str) -> None:
    (folder / "result.json").write_text(text)
    with pytest.raises(DataError, match=r"result\.json"):
        read_result(folder / "result.json")


def test_a_place_without_a_run_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder"):
        read_run(tmp_path / "none")
    with pytest.raises(DataError, match="there is no such run"):
        read_result(tmp_path / "none")
    with pytest.raises(DataError, match=r"result\.json: is missing"):
        read_result(tmp_path)


def test_junit_has_a_case_a_rule_and_a_line_of_the_budget_with_its_evidence() -> None:
    rules = (Rule("output_digest", True, "same"), Rule("repeats", False, "2 of 5 <needed>"))
    suite = ElementTree.fromstring(junit_xml(replace(example_result(), validity=rules)))
    assert suite.tag == "testsuite" and suite.get("name") == "host_tools.measure"
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        *("5", "2", "0", "1"),
    ]
    assert list(cases) == [
        *("output_digest", "repeats", "load_percent_of_core", "power_mw", "flash_kib"),
    ]
    assert cases["output_digest"].find("failure") is None
    failure = cases["repeats"].find("failure")
    assert failure is not None and failure.get("message") == failure.text == "2 of 5 <needed>"
    over = cases["load_percent_of_core"].find("failure")
    assert over is not None and over.text == "40, estimated; at most 5 allowed"
    skipped = cases["power_mw"].find("skipped")
    assert skipped is not None and skipped.text == "unknown; at most 20 allowed"
    assert cases["flash_kib"].get("classname") == "host_tools.measure.budget.phone"


def test_junit_stays_well_formed_whatever_a_device_says() -> None:
    words = "\x00\x1b[31m ]]> & <a> \ud800 \uffff é"
    rule = Rule("output_digest", False, words)
    line = BudgetLine(words, 1.0, None, "unknown", None)
    result = replace(
        example_result(), device=words, validity=(rule,), budget=BudgetReport(words, (line,))
    )
    suite = ElementTree.fromstring(junit_xml(result))
    failure = suite.find("testcase/failure")
    assert failure is not None and failure.text == "??[31m ]]> & <a> ? ? é"

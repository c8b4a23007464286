# SPDX-License-Identifier: Apache-2.0
"""``host_tools evaluate`` on a small synthetic folder: tables, JSON, files, kept scores, ctrl-C."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from host_tools.cli import main
from host_tools.measure import bench
from host_tools.measure.evaluation_result import Scores
from tests.needs import ROOT, need, need_build
from tests.network.recordings import make_cache

Captured = pytest.CaptureFixture[str]
METRICS = ["pesq_wb", "stoi", "si_sdr_db", "dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_build("host", "percepnet_agent")
    for name in ("pesq", "pystoi", "speechmos", "onnxruntime", "speexdsp_ns", "jinja2"):
        need(importlib.util.find_spec(name) is not None, f"{name} is not installed")
    return make_cache(tmp_path_factory.mktemp("recordings")).folder


@pytest.fixture
def arguments(cache: Path, model_path: str) -> list[str]:
    """Two mixtures, model and Speex, in this process."""
    return [
        *("evaluate", "--cache", str(cache), "--model", model_path, "--against", "speex"),
        *("--mixtures", "2", "--workers", "1", "--no-situations", "--float-mixtures", "0"),
    ]


def result_of(captured: Captured, arguments: list[str]) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(captured.readouterr().out)
    return found


def test_json_holds_every_system_and_metric(capsys: Captured, arguments: list[str]) -> None:
    found = result_of(capsys, arguments)
    names = ["noisy", "example", "speex"]
    assert [system["name"] for system in found["systems"]] == names
    assert list(found["scores"]) == list(found["means"]) == names
    assert found["metrics"] == METRICS
    assert all(list(row) == METRICS for rows in found["scores"].values() for row in rows)
    assert len(found["mixtures"]) == 2
    assert {each["system"] for each in found["comparisons"]} == {"noisy", "speex"}
    assert found["notes"] == ["2 of the 156 mixtures of the list, spread evenly"]
    assert len(found["list_digest"]) == 64 and found["kernel"]


def test_systems_that_know_the_clean_speech_stand_beside_the_others(
    capsys: Captured, arguments: list[str], tmp_path: Path
) -> None:
    found = result_of(
        capsys, [*arguments, "--against", "ideal,clean", "--output", str(tmp_path / "out")]
    )
    means = found["means"]
    assert list(means) == ["noisy", "example", "ideal", "clean"]
    assert means["clean"]["stoi"]["mean"] == pytest.approx(1.0)
    assert "si_sdr_db" not in means["clean"], "no error to divide by"
    for metric in ("pesq_wb", "stoi"):
        assert means["noisy"][metric]["mean"] < means["ideal"][metric]["mean"]


def test_tables_name_systems_differences_and_groups(capsys: Captured, arguments: list[str]) -> None:
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    for text in ("SI-SDR dB", "example minus the other", "speex", "dry", "note: 2 of the 156"):
        assert text in shown


def test_a_second_run_scores_nothing_again_and_fresh_does(
    capsys: Captured, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = result_of(capsys, arguments)
    scored: list[str] = []
    real = bench.scored

    def counting(spec: bench.SystemSpec, index: int) -> Scores:
        scored.append(spec.name)
        return real(spec, index)

    monkeypatch.setattr(bench, "scored", counting)
    assert result_of(capsys, arguments) == first
    assert scored == []
    assert result_of(capsys, [*arguments, "--fresh"]) == first
    assert len(scored) == 6


def test_several_processes_find_the_same(capsys: Captured, arguments: list[str]) -> None:
    alone = result_of(capsys, arguments)
    together = result_of(capsys, [*arguments, "--fresh", "--workers", "2"])
    assert together == alone


def test_the_folder_holds_json_a_row_for_each_mixture_and_system_and_a_page(
    capsys: Captured, arguments: list[str], tmp_path: Path
) -> None:
    found = result_of(capsys, [*arguments, "--output", str(tmp_path / "new" / "folder")])
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == [
        "evaluation.csv",
        "evaluation.html",
        "evaluation.json",
    ]
    assert json.loads((folder / "evaluation.json").read_text()) == found
    with (folder / "evaluation.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["system"] for row in rows] == ["noisy", "example", "speex"] * 2
    first = found["scores"]["speex"][0]["si_sdr_db"]
    assert float(rows[2]["si_sdr_db"]) == pytest.approx(first, abs=1e-6)


def test_a_missing_package_of_the_report_is_told_before_the_work(
    capsys: Captured, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "jinja2" else real(name)
    )
    monkeypatch.setattr(bench, "describe", None)
    assert main([*arguments, "--output", str(tmp_path)]) == 6
    assert "jinja2" in capsys.readouterr().err


def test_a_split_without_rooms_is_evaluated_dry_and_says_so(
    capsys: Captured, arguments: list[str], cache: Path, tmp_path: Path
) -> None:
    without = shutil.copytree(cache, tmp_path / "without", ignore=shutil.ignore_patterns("scores"))
    index = json.loads((without / "index.json").read_text())
    index["recordings"] = [each for each in index["recordings"] if each["kind"] != "room"]
    (without / "index.json").write_text(json.dumps(index))
    found = result_of(capsys, [*arguments, "--cache", str(without), "--split", "val"])
    assert "split val has no room responses: dry mixtures only" in found["notes"]
    assert list(found["by_room"]) == ["dry"]


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        (["--against", "magic"], 2, "magic: no such system; known: rnnoise"),
        (["--model", "nobody"], 2, "no model 'nobody'"),
        (["--split", "holdout"], 2, "--split holdout"),
        (["--device", "toaster"], 2, "unknown device 'toaster'"),
        (["--cache", "nowhere"], 4, "no finished audio cache"),
    ],
)
def test_wrong_names_are_one_line(
    capsys: Captured, arguments: list[str], more: list[str], code: int, text: str
) -> None:
    assert main([*arguments, *more]) == code
    output = capsys.readouterr()
    assert output.out == "" and output.err.count("\n") == 1
    assert text in output.err


def children_of(process: int) -> list[int]:
    """Processes below one, of any depth."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == process:
            found += [int(entry.name), *children_of(int(entry.name))]
    return found


def alive(process: int) -> bool:
    """Whether a process runs; one that ended and was not yet asked for does not."""
    try:
        state = (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_ctrl_c_leaves_no_process_and_no_half_file(cache: Path, model_path: str) -> None:
    command = [
        *(sys.executable, "-m", "host_tools", "evaluate", "--cache", str(cache)),
        *("--model", model_path, "--against", "speex", "--workers", "2", "--fresh"),
        *("--no-situations", "--float-mixtures", "0"),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while len(children := children_of(process.pid)) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)
        children = children_of(process.pid)
        assert process.poll() is None and len(children) >= 3
        os.killpg(process.pid, signal.SIGINT)
        _, complaint = process.communicate(timeout=20)
        assert process.returncode == 130 and complaint == b"host_tools: interrupted\n"
        deadline = time.monotonic() + 5
        while any(map(alive, children)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(alive, children))
        assert not list((cache / "scores").glob("*.part"))
    finally:
        process.kill()

# SPDX-License-Identifier: Apache-2.0
"""Comparing kept runs: a difference is claimed only where the spread allows it."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from host_tools.errors import DataError, UsageError
from host_tools.measure.quality import Metric
from host_tools.measure.result import MeasureResult
from host_tools.report.comparison import (
    MIN_PERCENT,
    Comparison,
    Row,
    compare_runs,
    comparison,
    difference,
)
from host_tools.report.comparison_table import comparison_dict, print_comparison, sameness_line
from host_tools.report.figures_of_run import Name, ReadRun, Value, read_for_comparison
from host_tools.report.frame_table import FrameRun
from host_tools.report.run_folder import write_run
from tests.measure.example import example_result, example_timed_result

LOAD = Name("load", "%", "slower", "faster")
POWER = Name("power", "mW", "more", "less")
QUALITY = Name("quality SI-SDR", "dB", "higher", "lower", is_ratio=False)


def measured(value: float, low: float, high: float) -> Value:
    return Value(value, "measured", low, high)


def power(value: float, uncertainty: float) -> Value:
    return Value(value, "measured", uncertainty=uncertainty)


@pytest.mark.parametrize(
    ("name", "first", "other", "words"),
    [
        (LOAD, measured(3.1, 3.0, 3.2), measured(3.472, 3.4, 3.5), "slower by 12 % (3.10 to 3.47)"),
        (LOAD, measured(4, 3.9, 4.1), measured(3, 2.9, 3.1), "faster by 25 % (4 to 3)"),
        (LOAD, measured(3.1, 3.0, 3.45), measured(3.472, 3.4, 3.5), "no difference seen"),
        (LOAD, measured(3.1, 3.1, 3.1), measured(3.24, 3.24, 3.24), "no difference seen"),
        (LOAD, measured(3.1, 3.0, 3.2), measured(3.1, 3.0, 3.2), "no difference seen"),
        (LOAD, Value(100, "measured"), Value(108, "measured"), "no difference seen"),
        (
            *(LOAD, Value(100, "measured"), measured(120, 119, 121)),
            "slower by 20 % (100 to 120); measured once",
        ),
        (LOAD, Value(40, "estimated"), Value(44, "estimated"), "slower by 10 % (40 to 44)"),
        (LOAD, Value(40, "estimated"), Value(41, "estimated"), "no difference seen"),
        (
            *(LOAD, Value(40, "estimated"), measured(80, 79, 81)),
            "not compared: estimated against measured",
        ),
        (LOAD, None, measured(80, 79, 81), "unknown"),
        (LOAD, Value(0.0, "exact"), Value(2.0, "exact"), "slower by 2 % (0 to 2)"),
        (POWER, power(20.0, 3.0), power(24.9, 4.0), "no difference seen"),
        (POWER, power(20.0, 3.0), power(25.1, 4.0), "more by 26 % (20 to 25.1)"),
        (POWER, power(25.1, 3.0), power(20.0, 4.0), "less by 20 % (25.1 to 20)"),
        (QUALITY, Value(12.0, "exact"), Value(12.31, "exact"), "higher by 0.310 dB (12 to 12.3)"),
        (QUALITY, Value(12.0, "exact"), Value(12.0, "exact"), "the same"),
        (
            *(replace(LOAD, more="more"), Value(2_900_000, "exact"), Value(2_900_029, "exact")),
            "more by 0.0010 % (2,900,000 to 2,900,029)",
        ),
    ],
)
def test_what_may_be_said(name: Name, first: Value | None, other: Value | None, words: str) -> None:
    assert difference(name, first, other).words == words


def test_two_sets_of_repeats_of_the_same_thing_rarely_differ() -> None:
    """Noise of 2 % on both sides, five repeats: at most one comparison in a hundred claims more."""
    rng = np.random.default_rng(1)
    claims = 0
    for _ in range(1000):
        pair = rng.normal(3.0, 0.06, (2, 5))
        first, other = (measured(float(np.median(r)), r.min(), r.max()) for r in pair)
        claims += difference(LOAD, first, other).seen is True
    assert claims <= 10
    assert MIN_PERCENT == 5.0


def as_read(result: MeasureResult, name: str = "a") -> ReadRun:
    frames = {
        pace_ms: [FrameRun(pace_ms, run.frame_times_ns / 1e3, np.zeros(0)) for run in runs]
        for pace_ms, runs in result.runs.items()
    }
    return ReadRun(Path(name), result, frames)


def row(found: Comparison, text: str) -> Row:
    return next(each for each in found.rows if each.name.text == text)


@pytest.fixture(scope="module")
def timed() -> MeasureResult:
    return example_timed_result(seconds=1.0)


def test_a_run_against_itself_shows_no_difference_anywhere(timed: MeasureResult) -> None:
    found = comparison((as_read(timed), as_read(timed)))
    assert all(not each.seen for row in found.rows for each in row.differences)
    assert sameness_line(found) == "same: model, clip, output digest, device, kernel"
    assert len(found.rows) == 3 + 6 + 2 + 1 + 1 + 3


def test_the_first_line_says_what_is_the_same_and_what_is_not(timed: MeasureResult) -> None:
    other = replace(timed, device="host", model_digest="12" * 32)
    found = comparison((as_read(timed), as_read(other), as_read(timed)))
    assert sameness_line(found) == (
        "same: clip, output digest, kernel; DIFFERENT: model (abababab, 12121212, abababab), "
        "device (ssh:pi@board, host, ssh:pi@board)"
    )


def test_each_cadence_percentile_stage_and_size_is_compared(timed: MeasureResult) -> None:
    slower = tuple(
        replace(
            entry,
            load_percent=None
            if entry.load_percent is None
            else replace(entry.load_percent, median=9.0, low=8.9, high=9.1),
        )
        for entry in timed.pacing
    )
    other = replace(
        timed,
        pacing=slower,
        quality={"si_sdr_db": Metric(5.0, 11.5)},
        sizes=replace(timed.sizes, state_bytes=100_000),
    )
    found = comparison((as_read(timed), as_read(other)))
    for name in ("unpaced", "paced 10 ms", "paced 20 ms"):
        assert row(found, f"load, {name}").differences[0].words.startswith("slower by ")
        p99 = row(found, f"frame time p99, {name}")
        assert p99.values[0] is not None and p99.values[0].low is not None
        assert p99.differences[0].words == "no difference seen"
    words = row(found, "quality SI-SDR").differences[0].words
    assert words == "lower by 0.500 dB (12 to 11.5)"
    assert row(found, "state of one channel").differences[0].words.startswith("smaller by 50 %")


def test_exact_counts_differ_by_a_single_instruction() -> None:
    result = example_result()
    assert result.instructions is not None
    other = replace(result, instructions=replace(result.instructions, max=2_950_001))
    found = comparison((as_read(result), as_read(other)))
    assert row(found, "instructions a frame").differences[0].words == "the same"
    more = row(found, "instructions a frame, max").differences[0]
    assert more.seen and more.words.endswith("(2,950,000 to 2,950,001)")


def test_folders_and_their_json_are_read_and_frames_give_ranges(
    timed: MeasureResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    folder = write_run(timed, tmp_path)
    alone = tmp_path / "alone.json"
    alone.write_text((folder / "result.json").read_text())
    found = compare_runs([folder, folder / "result.json", alone])
    values = row(found, "frame time p99, paced 10 ms").values
    assert [value is not None and value.low is not None for value in values] == [True, True, False]
    assert all(not each.seen for row in found.rows for each in row.differences)
    (folder / "frames.csv").write_text("nonsense")
    with pytest.raises(DataError, match=r"frames\.csv"):
        read_for_comparison(folder)
    with pytest.raises(UsageError, match="two or more"):
        compare_runs([folder])


def test_the_table_warns_of_a_void_run_and_shows_words_and_percent(timed: MeasureResult) -> None:
    void = replace(timed, verdict="void", validity=(replace(timed.validity[0], ok=False),))
    text = io.StringIO()
    found = comparison((as_read(timed, "runs/first"), as_read(void, "runs/second")))
    print_comparison(found, Console(file=text, width=200, color_system=None))
    lines = text.getvalue().splitlines()
    assert lines[0].startswith("same: model")
    assert lines[1].startswith("A: runs/first: percepnet abababab on ssh:pi@board")
    assert "B is void: output_digest: same" in text.getvalue()
    assert "20.0 ± 0.52" in text.getvalue()


def test_the_json_holds_every_value_and_word(timed: MeasureResult) -> None:
    found = comparison((as_read(timed), as_read(example_result())))
    plain = json.loads(json.dumps(comparison_dict(found)))
    assert plain["facts"]["model"]["same"] is True and plain["facts"]["device"]["same"] is False
    by_name = {figure["name"]: figure for figure in plain["figures"]}
    load = by_name["load, paced 10 ms"]
    assert load["values"][1] is None and load["differences"][0]["words"] == "unknown"
    assert by_name["power above idle"]["values"][0]["uncertainty"] > 0

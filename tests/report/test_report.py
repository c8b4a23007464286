# SPDX-License-Identifier: Apache-2.0
"""What a measurement leaves on disk and shows on a terminal."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from host_tools.errors import DataError
from host_tools.measure.result import FrameTime, Load, MeasureResult
from host_tools.measure.validity import Rule
from host_tools.report.run_folder import write_run
from host_tools.report.run_words import number
from host_tools.report.terminal import load_text, print_result
from tests.measure.example import example_result, example_timed_result


def shown(result: MeasureResult, width: int = 200) -> str:
    text = io.StringIO()
    print_result(result, Console(file=text, width=width, color_system=None))
    return text.getvalue()


def test_the_run_folder_is_named_by_time_and_device_and_holds_json_and_audio(
    tmp_path: Path,
) -> None:
    result = example_result()
    folder = write_run(result, tmp_path / "runs")
    assert folder == tmp_path / "runs" / "20260102T030405Z-emulator-cortex-a53"
    kept = {path.name for path in folder.iterdir()}
    assert kept - {"report.html"} == {"enhanced.wav", "noisy.wav", "result.json", "junit.xml"}
    assert json.loads((folder / "result.json").read_text()) == result.to_dict()


def test_the_digest_can_be_checked_from_the_kept_audio(tmp_path: Path) -> None:
    result = example_result()
    folder = write_run(result, tmp_path)
    samples, rate = soundfile.read(folder / "enhanced.wav", dtype="int16")
    assert rate == 48_000
    assert np.array_equal(samples, result.enhanced)
    digest = hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
    assert json.loads((folder / "result.json").read_text())["output_digest"] == digest


def test_two_runs_in_one_second_get_two_folders(tmp_path: Path) -> None:
    folders = {write_run(example_result(), tmp_path) for _ in range(3)}
    assert len(folders) == 3


def test_a_place_that_cannot_be_written_is_one_clear_error_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(DataError, match="--output"):
        write_run(example_result(), blocked)
    broken = replace(example_result(), enhanced=np.zeros((4, 3, 2), np.int16))
    with pytest.raises((DataError, TypeError, ValueError)):
        write_run(broken, tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_table_starts_with_the_digest_and_ends_with_the_verdict() -> None:
    result = example_result()
    lines = [line.strip() for line in shown(result).splitlines() if line.strip()]
    assert lines[0].startswith("output digest") and result.output_digest in lines[0]
    assert "same as the host" in lines[0]
    assert lines[-1] == "verdict: fail; not compared, because unknown: power_mw"


def test_every_load_shown_says_measured_estimated_or_unknown() -> None:
    result = example_result()
    assert "estimated" in load_text(result) and "measured" not in load_text(result)
    timed = replace(result, load=Load(1.2, "measured", "this CPU", "five runs", 1.1, 1.3))
    assert "measured" in load_text(timed) and "estimated" not in load_text(timed)
    unknown = replace(result, load=Load(None, "unknown", "A15", "no model", None, None))
    assert load_text(unknown) == "unknown: no model"


def test_the_table_shows_stages_budget_words_and_unknowns() -> None:
    text = shown(example_result())
    assert re.search(r"pitch\s.*400,000", text)
    assert re.search(r"matrix products\s.*2,400,000", text)
    assert re.search(r"load_percent_of_core.*5.*40\.00.*estimated.*over", text)
    assert re.search(r"power_mw.*unknown.*unknown", text)
    assert re.search(r"flash_kib.*stated.*8,203\.00.*exact.*ok", text)
    assert re.search(r"pesq_wb.*unknown.*unknown", text)


def test_a_void_result_shows_the_broken_rule_and_its_evidence() -> None:
    rule = Rule("output_digest", False, "device gave 1, host scalar 2")
    result = replace(example_result(), validity=(rule,), verdict="void", output_matches_host=False)
    text = shown(result)
    assert "DIFFERENT from the host" in text
    assert "void: output_digest: device gave 1, host scalar 2" in text
    assert text.rstrip().endswith("verdict: void")


def test_frame_times_are_shown_only_where_a_real_clock_ran() -> None:
    assert "frame time" not in shown(example_result())
    timed = replace(
        example_result(), frame_time_us=FrameTime(90.0, 95.0, 99.0, 500.0), deadline_misses=3
    )
    assert "p99 99, max 500 us, measured; 3 frames over" in shown(timed)


def test_a_narrow_terminal_loses_no_digit_of_the_digest() -> None:
    text = re.sub(r"\s", "", shown(example_result(), width=40))
    assert example_result().output_digest in text


def test_the_cadences_are_a_table_with_range_percentiles_misses_wake_ups_and_drift() -> None:
    result = example_timed_result(seconds=1.0)
    text = shown(result)
    for entry, name in zip(result.pacing, ("unpaced", "paced 10 ms", "paced 20 ms"), strict=True):
        load = entry.load_percent
        assert load is not None
        cells = [number(load.median), f"{number(load.low)} to {number(load.high)}"]
        times = entry.frame_time_us
        cells += [number(each) for each in (times.p50, times.p99, times.max)]
        cells.append(str(entry.deadline_misses))
        if entry.wake_up_us is not None and entry.drift_us is not None:
            woke = entry.wake_up_us
            cells += [number(each) for each in (woke.p50, woke.p99, entry.drift_us)]
        assert re.search(rf"{name}\s.*" + r"\s.*".join(map(re.escape, cells)), text)
    cost = "measuring cost: timing the stages 0.40 us a frame, the agent beside the library"
    assert cost in text


def test_power_is_shown_with_its_uncertainty_and_how_it_is_known() -> None:
    result = example_timed_result(seconds=1.0)
    power = result.power
    assert power is not None
    text = shown(result)
    assert "20.0 mW above idle ± 0.52 (measured by ppk2:example)" in text
    assert "standard uncertainties in mW: noise" in text
    replayed = replace(power, kind="estimated", meter="csv:trace.csv")
    text = shown(replace(result, power=replayed))
    assert "(estimated, replayed from csv:trace.csv)" in text and "measured by" not in text
    unknown = replace(power, kind="unknown", mw_above_idle=None, method="no samples")
    assert "unknown: no samples" in shown(replace(result, power=unknown))


def test_a_partial_result_says_so() -> None:
    result = replace(example_timed_result(seconds=1.0), partial=True, verdict="void")
    assert "partial: it was interrupted; only what was finished is shown" in shown(result)
    assert "partial" not in shown(example_result())
